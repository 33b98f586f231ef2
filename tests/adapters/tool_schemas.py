"""Input schemas of tools as people write and libraries generate them, and values of strict ones."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["city", "unit", "rows", "a.b", "ключ", "key", "value", "$handle", "item_0"]
)
SCALARS = st.one_of(
    st.text(max_size=6),
    st.integers(-5, 5),
    st.booleans(),
    st.none(),
    st.floats(-9, 9, allow_nan=False).map(lambda number: round(number, 2)),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
DEFINITIONS = ["Node", "Leaf", "odd name/with~signs"]


def pointer(name: str) -> str:
    return "#/$defs/" + name.replace("~", "~0").replace("/", "~1").replace(" ", "%20")


@st.composite
def text_schema(draw: st.DrawFn) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    extra = draw(st.sampled_from(["", "length", "pattern", "format", "described"]))
    if extra == "length":
        schema |= {"minLength": draw(st.integers(0, 2)), "maxLength": draw(st.integers(2, 5))}
    elif extra == "pattern":
        schema["pattern"] = draw(st.sampled_from(["^[a-c]+$", "x", r"^\d{2}$"]))
    elif extra == "format":
        schema["format"] = draw(st.sampled_from(["date", "uri", "email"]))
    elif extra == "described":
        schema |= {"description": "Some text.", "title": "Text", "default": "x"}
    return schema


@st.composite
def number_schema(draw: st.DrawFn) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    if draw(st.booleans()):
        schema |= {"minimum": draw(st.integers(-3, 0)), "exclusiveMaximum": draw(st.integers(1, 5))}
    return schema


LEAVES = st.one_of(
    text_schema(),
    number_schema(),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({}),
    st.just(True),
    st.just({"type": "object"}),
    st.just({"type": "array"}),
    st.lists(JSON, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    JSON.map(lambda value: {"const": value}),
    st.just({"type": ["string", "null"]}),
    st.just({"type": ["integer", "array", "object", "null"]}),
    st.sampled_from(DEFINITIONS).map(lambda name: {"$ref": pointer(name)}),
)


@st.composite
def object_schema(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(NAMES, inner, max_size=3))
    required = [name for name in properties if draw(st.booleans())]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": required}
    rest = draw(st.sampled_from(["closed", "open", "silent", "typed"]))
    if rest == "closed":
        schema["additionalProperties"] = False
    elif rest == "open":
        schema["additionalProperties"] = True
    elif rest == "typed":
        schema["additionalProperties"] = draw(inner)
    return schema


@st.composite
def map_schema(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(inner)
    else:
        schema |= {"patternProperties": {"^k": draw(inner)}, "additionalProperties": False}
    if draw(st.booleans()):
        schema["maxProperties"] = 2
    if draw(st.booleans()):
        schema["propertyNames"] = {"pattern": "^k"}
    return schema


@st.composite
def list_schema(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    if draw(st.booleans()):
        places = draw(st.lists(inner, min_size=1, max_size=2))
        closed = {"minItems": len(places), "maxItems": len(places)}
        rest: dict[str, Any] = {"items": draw(inner)} if draw(st.booleans()) else closed
        return {"type": "array", "prefixItems": places, **rest}
    schema: dict[str, Any] = {"type": "array", "items": draw(inner)}
    if draw(st.booleans()):
        schema |= {"minItems": draw(st.integers(0, 1)), "maxItems": draw(st.integers(1, 3))}
    return schema


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    branches = st.lists(inner, min_size=1, max_size=3)
    part = object_schema(inner)
    return st.one_of(
        branches.map(lambda parts: {"anyOf": parts}),
        branches.map(lambda parts: {"oneOf": parts}),
        st.lists(part, min_size=1, max_size=2).map(lambda parts: {"allOf": parts}),
        st.tuples(part, st.lists(part, min_size=1, max_size=2)).map(
            lambda both: {**both[0], "anyOf": both[1]}
        ),
        st.tuples(part, st.sampled_from(["city", "unit"])).map(
            lambda both: {**both[0], "anyOf": [{"required": [both[1]]}, {"required": ["rows"]}]}
        ),
        st.tuples(st.sampled_from(DEFINITIONS), part).map(
            lambda both: {"$ref": pointer(both[0]), **both[1]}
        ),
    )


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    union = st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts})
    return object_schema(inner) | map_schema(inner) | list_schema(inner) | union


PLAIN = st.recursive(LEAVES, nested, max_leaves=6)
COMBINED = st.recursive(LEAVES, lambda inner: nested(inner) | combined(inner), max_leaves=6)


@st.composite
def tool_schemas(draw: st.DrawFn, combining: bool = False) -> dict[str, Any]:
    """A tool's input schema: an object, with definitions that may contain themselves.

    `combining` adds allOf, oneOf, and unions and references with other keywords beside them; such
    a schema may contradict itself.
    """
    root = draw(object_schema(PLAIN))
    if combining:
        root = draw(object_schema(COMBINED) | combined(object_schema(COMBINED)))
    leaf = draw(object_schema(LEAVES) | text_schema())
    node = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "next": {"$ref": "#/$defs/Node"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
        },
        "required": ["name"],
        "additionalProperties": False,
    }
    odd = {"type": "object", "additionalProperties": {"$ref": "#/$defs/Leaf"}}
    definitions = dict(zip(DEFINITIONS, [node, leaf, odd], strict=True))
    return {**root, "type": "object", "$defs": definitions}


class Values:
    """Values a strict schema accepts, drawn from it."""

    def __init__(self, draw: st.DrawFn, schema: dict[str, Any]) -> None:
        self._draw = draw
        self._definitions = schema.get("$defs", {})

    def of(self, schema: dict[str, Any], depth: int = 0) -> Any:
        if depth > 8:
            reject()  # a definition that requires itself: no value is finite
        if "$ref" in schema:
            return self.of(self._definitions[schema["$ref"].removeprefix("#/$defs/")], depth + 1)
        if "anyOf" in schema:
            branches = schema["anyOf"]
            nulls = [branch for branch in branches if branch.get("type") == "null"]
            chosen = self._draw(st.sampled_from(nulls or branches if depth > 2 else branches))
            return self.of(chosen, depth)
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if "enum" in schema:
            return self._draw(st.sampled_from(schema["enum"]))
        return self._typed(schema, self._draw(st.sampled_from(kinds)), depth)

    def _typed(self, schema: dict[str, Any], kind: str, depth: int) -> Any:
        if kind == "object":
            return {name: self.of(part, depth) for name, part in schema["properties"].items()}
        if kind == "array":
            least = schema.get("minItems", 0)
            most = max(least, min(schema.get("maxItems", 3), 0 if depth > 2 else 3))
            count = self._draw(st.integers(least, most))
            return [self.of(schema["items"], depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            least = schema.get("minimum", -4)
            numbers = st.integers(least, schema.get("exclusiveMaximum", least + 9) - 1)
            return self._draw(numbers)
        if kind == "boolean":
            return self._draw(st.booleans())
        return None if kind == "null" else self._text(schema)

    def _text(self, schema: dict[str, Any]) -> str:
        if "pattern" in schema:
            return self._draw(st.from_regex(re.compile(schema["pattern"], re.ASCII)))
        if schema.get("format") == "date":
            return "2026-11-20"
        if schema.get("format") == "email":
            return "a@example.com"
        return self._draw(st.text(max_size=5) | st.sampled_from(["{}", "[1]", '{"a":[', "null"]))


@st.composite
def strict_values(draw: st.DrawFn, schema: dict[str, Any]) -> Any:
    return Values(draw, schema).of(schema)
