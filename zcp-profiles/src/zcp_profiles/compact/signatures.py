"""How a tool is called, in one line: `(city:str, unit?:celsius|fahrenheit)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zcp_kernel.jsontext import dumps, is_list, is_object
from zcp_kernel.model import ToolDefinition

LINE = 160
"""Longest one-line description, in characters."""

_DEPTH = 3
_ALTERNATIVES = 12
_MEMBERS = 24

_SHORT = {
    "string": "str",
    "integer": "int",
    "number": "num",
    "boolean": "bool",
    "object": "obj",
    "array": "list",
    "null": "null",
}


def signature(schema: Mapping[str, Any]) -> str:
    """The call signature of an input schema: names, `?` where a value may be left out, types.

    `str int num bool obj list null any`; enumerations as their values; `[int]` is a list of
    integers, `{a:int}` an object with that member. What nests deeper, or is longer than a line can
    bear, is only named by its kind.
    """
    return f"({_members(schema, schema, 0)})"


def _members(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> str:
    properties = schema.get("properties")
    if not is_object(properties):
        return ""
    required = schema.get("required")
    needed: Sequence[Any] = required if is_list(required) else ()
    shown = list(properties.items())[:_MEMBERS]
    parts = [
        f"{name}{'' if name in needed else '?'}:{_type(member, root, depth)}"
        for name, member in shown
    ]
    return ", ".join(parts) + (", …" if len(properties) > len(shown) else "")


def _type(schema: Any, root: Mapping[str, Any], depth: int) -> str:
    schema = _resolved(schema, root)
    if not is_object(schema):
        return "any"
    if "const" in schema:
        return _value(schema["const"])
    values = schema.get("enum")
    if is_list(values):
        return _either([_value(value) for value in values])
    for keyword in ("anyOf", "oneOf"):
        options = schema.get(keyword)
        if is_list(options):
            if depth >= _DEPTH:
                return "any"
            return _either([_type(option, root, depth + 1) for option in options])
    kind = schema.get("type")
    if is_list(kind):
        return _either([_named(str(each), schema, root, depth) for each in kind])
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else None
    return "any" if kind is None else _named(str(kind), schema, root, depth)


def _named(kind: str, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> str:
    if depth < _DEPTH:
        if kind == "array" and "items" in schema:
            return f"[{_type(schema['items'], root, depth + 1)}]"
        if kind == "object" and schema.get("properties"):
            return f"{{{_members(schema, root, depth + 1)}}}"
        values = schema.get("additionalProperties")
        if kind == "object" and is_object(values) and values:
            return f"{{*:{_type(values, root, depth + 1)}}}"
    return _SHORT.get(kind, kind)


def _resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    """The schema a local `$ref` names; a few steps, so that a circle ends."""
    for _ in range(8):
        reference = schema.get("$ref") if is_object(schema) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            return schema
        found: Any = root
        for token in reference[1:].split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if is_object(found) else None
        schema = found
    return None


def _either(options: Sequence[str]) -> str:
    unique = list(dict.fromkeys(options))
    more = "|…" if len(unique) > _ALTERNATIVES else ""
    return "|".join(unique[:_ALTERNATIVES]) + more


def _value(value: Any) -> str:
    if isinstance(value, str) and value and not set(value) & set(' ,|:"(){}[]?'):
        return value
    return dumps(value).decode()


def one_line(description: str | None) -> str | None:
    """The first sentence or line of a description, cut at `LINE` characters."""
    if not description:
        return None
    line = " ".join(description.strip().split("\n\n", 1)[0].split())
    end = line.find(". ")
    if end >= 0:
        line = line[: end + 1]
    if len(line) > LINE:
        line = line[: LINE - 1].rstrip() + "…"
    return line or None


def brief(tool: ToolDefinition) -> ToolDefinition:
    """Name, one line, and the signature in place of the schema."""
    return ToolDefinition(
        tool.name,
        one_line(tool.description or tool.title),
        signature=signature(tool.input_schema),
    )


def named(tool: ToolDefinition) -> ToolDefinition:
    """The name alone."""
    return ToolDefinition(tool.name)
