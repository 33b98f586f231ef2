"""The published rules of Structured Outputs, written down apart from the compiler.

Source: OpenAI, Structured Outputs, "Supported schemas".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TYPES = {"string", "number", "integer", "boolean", "null", "object", "array"}

FORMATS = {
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
}  # fmt: skip

KEYWORDS = {
    "string": {"pattern", "format", "enum"},
    "number": {"multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "enum"},
    "integer": {"multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "enum"},
    "boolean": {"enum"},
    "null": set[str](),
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
}


def violations(schema: dict[str, Any]) -> list[str]:
    """What the API would refuse."""
    found: list[str] = []
    if schema.get("type") != "object":
        found.append("the root is no object")
    if "anyOf" in schema:
        found.append("the root is a union")
    definitions = schema.get("$defs", {})
    for place, part in schemas(schema):
        found += [f"{place}: {problem}" for problem in problems(part, place == "", definitions)]
    return found + list(limits(schema))


def schemas(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield place, schema
    for group in ("properties", "$defs"):
        for name, part in schema.get(group, {}).items():
            yield from schemas(part, f"{place}/{group}/{name}")
    for number, part in enumerate(schema.get("anyOf", ())):
        yield from schemas(part, f"{place}/anyOf/{number}")
    if "items" in schema:
        yield from schemas(schema["items"], f"{place}/items")


def problems(part: dict[str, Any], is_root: bool, definitions: dict[str, Any]) -> Iterator[str]:
    if "$ref" in part:
        if set(part) != {"$ref"}:
            yield "$ref has neighbours"
        if part["$ref"].removeprefix("#/$defs/") not in definitions:
            yield f"{part['$ref']} points at nothing"
        return
    words = set(part) - {"description"} - ({"$defs"} if is_root else set())
    if "anyOf" in part:
        if words != {"anyOf"} or not part["anyOf"]:
            yield f"anyOf beside {words}"
        return
    kinds = part.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not set(kinds) <= TYPES:
        yield f"type {kinds}"
        return
    if len(kinds) > 1 and (len(kinds) != 2 or kinds[1] != "null"):
        yield f"type {kinds}"
    allowed = set().union(*(KEYWORDS[kind] for kind in kinds)) | {"type"}
    if words - allowed:
        yield f"keywords {words - allowed}"
    yield from shape_problems(part, kinds[0])


def shape_problems(part: dict[str, Any], kind: str) -> Iterator[str]:
    if kind == "object":
        if part.get("additionalProperties") is not False:
            yield "additionalProperties is not false"
        if list(part.get("required", ())) != list(part.get("properties", ())):
            yield "not every property is required"
    if kind == "array" and "items" not in part:
        yield "a list without items"
    if part.get("format", "date") not in FORMATS:
        yield f"format {part['format']}"
    if part.get("enum") == []:
        yield "an empty enum"


def limits(schema: dict[str, Any]) -> Iterator[str]:
    parts = [part for _, part in schemas(schema)]
    names = [name for part in parts for name in part.get("properties", {})]
    values = [value for part in parts for value in part.get("enum", ())]
    texts = [*names, *schema.get("$defs", {}), *(v for v in values if isinstance(v, str))]
    if len(names) > 5000:
        yield "properties"
    if len(values) > 1000:
        yield "enum values"
    if sum(map(len, texts)) > 120_000:
        yield "characters"
    roots = [schema, *schema.get("$defs", {}).values()]
    if max(map(object_levels, roots)) > 10:
        yield "levels"


def object_levels(part: dict[str, Any]) -> int:
    below = [*part.get("properties", {}).values(), *part.get("anyOf", ())]
    if "items" in part:
        below.append(part["items"])
    return max(map(object_levels, below), default=0) + (part.get("type") == "object")
