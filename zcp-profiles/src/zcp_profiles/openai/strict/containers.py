"""Objects, maps and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zcp_kernel.jsontext import is_list, is_object

from .failures import Impossible
from .nodes import Items, Member, Node, Pairs, Record, Schema, Tuple, nullable
from .scalars import described

if TYPE_CHECKING:
    from .build import Builder

EXTRA = "other_members"
"""The property that holds, as pairs, what an open object may have besides its known ones."""


def object_node(build: Builder, schema: Schema, path: str) -> Node:
    """A record, a map (as pairs), or a record with its other members as pairs."""
    properties: Schema = schema.get("properties", {})
    required = schema.get("required", [])
    rest = _rest(schema, properties, build, path)
    missing = [name for name in required if name not in properties]
    if missing and rest is False:
        raise Impossible(f"{path}: {', '.join(missing)} is required and forbidden")
    if missing:
        properties = {**properties, **dict.fromkeys(missing, True if rest is None else rest)}
    is_open = rest is not None and rest is not False
    if is_open and not properties:
        return described(_pairs(build, schema, rest, path, bounded=True), schema)
    members = _members(build, properties, required, path)
    least, most = schema.get("minProperties", 0), schema.get("maxProperties")
    if least > len(required):
        build.note(path, "minProperties")
    if most is not None and (is_open or most < len(members)):
        build.note(path, "maxProperties")
    if "propertyNames" in schema:
        build.note(path, "propertyNames")
    extra = None
    if is_open:
        extra = EXTRA
        while extra in members:
            extra += "_"
        pairs = _pairs(build, schema, rest, path, bounded=False)
        pairs.schema = {**pairs.schema, "description": "further members"}
        members[extra] = Member(pairs, required=False)
    node = Record(_record(members), members, extra, frozenset(properties))
    return described(node, schema)


def _rest(schema: Schema, properties: Schema, build: Builder, path: str) -> Any:
    """What an object takes besides its properties: a schema of the values, None where nothing was
    said and there are properties, False for nothing. Keys are told by `_pairs`."""
    patterns = schema.get("patternProperties")
    open_to = schema.get("additionalProperties")
    if patterns:
        if len(patterns) > 1 or properties:
            build.note(path, "patternProperties")
        return next(iter(patterns.values()))
    if open_to is None:
        free = not properties and not schema.get("required") and path
        return True if free else None
    return True if open_to == {} else open_to


def _pairs(build: Builder, schema: Schema, rest: Any, path: str, *, bounded: bool) -> Node:
    value = build.node(rest, f"{path}.*")
    key: Schema = {"type": "string"}
    patterns = schema.get("patternProperties")
    if patterns:
        key = build.node({"type": "string", "pattern": next(iter(patterns))}, f"{path}.*").schema
    elif "propertyNames" in schema:
        key = build.node(_text(schema["propertyNames"]), f"{path}.*").schema
    strict: Schema = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"key": key, "value": value.schema},
            "required": ["key", "value"],
            "additionalProperties": False,
        },
    }
    if bounded and "maxProperties" in schema:
        strict["maxItems"] = schema["maxProperties"]
    if bounded and schema.get("minProperties"):
        strict["minItems"] = schema["minProperties"]
        if schema["minProperties"] > 1:
            build.note(path, "minProperties: keys may repeat")
    return Pairs(strict, value)


def _text(names: Any) -> Any:
    """A schema of names, which are strings whether it says so or not."""
    return {"type": "string", **names} if is_object(names) and "$ref" not in names else names


def _members(
    build: Builder, properties: Schema, required: list[str], path: str
) -> dict[str, Member]:
    members: dict[str, Member] = {}
    for name, item in properties.items():
        try:
            node = build.argument(item, f"{path}.{name}" if path else name)
        except Impossible:
            if name in required:
                raise
            continue  # a property that may be left out, and that nothing fits
        members[name] = Member(node, name in required)
    return members


def _record(members: dict[str, Member]) -> Schema:
    return {
        "type": "object",
        "properties": {
            name: member.node.schema if member.required else nullable(member.node.schema)
            for name, member in members.items()
        },
        "required": list(members),
        "additionalProperties": False,
    }


def list_node(build: Builder, schema: Schema, path: str) -> Node:
    """A list, or an object of places where each place has its own schema."""
    places = schema.get("prefixItems", schema["items"] if is_list(schema.get("items")) else None)
    if places is not None:
        return described(_tuple(build, schema, places, path), schema)
    item = build.node(schema.get("items", True), f"{path}[]")
    strict: Schema = {"type": "array", "items": item.schema}
    strict |= {word: schema[word] for word in ("minItems", "maxItems") if word in schema}
    said: list[str] = []
    if schema.get("uniqueItems"):
        build.note(path, "uniqueItems")
        said.append("no item twice")
    return described(Items(strict, item), schema, said)


def _tuple(build: Builder, schema: Schema, places: list[Any], path: str) -> Node:
    least = schema.get("minItems", 0)
    most = schema.get("maxItems")
    members = {
        f"item_{number}": Member(build.node(place, f"{path}[{number}]"), number < least)
        for number, place in enumerate(places[:most])
    }
    after = schema.get("additionalItems" if is_list(schema.get("items")) else "items", False)
    rest = None
    if after is not False and (most is None or most > len(places)):
        rest = "rest"
        item = build.node(after, f"{path}[]")
        bounds: Schema = {} if most is None else {"maxItems": most - len(places)}
        if least > len(places):
            bounds["minItems"] = least - len(places)
        listed: Schema = {"type": "array", "items": item.schema, **bounds}
        members[rest] = Member(Items(listed, item), least > len(places))
    elif least > len(places):
        raise Impossible(f"{path}: more items than it has places for")
    if schema.get("uniqueItems"):
        build.note(path, "uniqueItems")
    return Tuple(_record(members), list(members.items()), rest)
