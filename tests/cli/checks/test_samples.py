"""Arguments made up from a schema."""

from typing import Any

import pytest

from zcp.cli.checking.samples import arguments_for

OBJECT = {"type": "object"}


def wanting(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        (OBJECT, {}),
        ({"type": "object", "properties": {"x": {"type": "string"}}}, {}),
        (wanting(x={"type": "string"}), {"x": "x"}),
        (wanting(x={"type": "string", "minLength": 3}), {"x": "xxx"}),
        (wanting(x={"type": "integer", "minimum": 7}), {"x": 7}),
        (wanting(x={"type": "integer", "exclusiveMinimum": 7}), {"x": 8}),
        (wanting(x={"type": "integer", "maximum": -2}), {"x": -2}),
        (wanting(x={"type": "integer", "multipleOf": 5}), {"x": 5}),
        (wanting(x={"enum": ["red", "blue"]}), {"x": "red"}),
        (wanting(x={"const": 4}), {"x": 4}),
        (wanting(x={"type": "string", "default": "d"}), {"x": "d"}),
        (wanting(x={"type": "string", "examples": ["e"]}), {"x": "e"}),
        (wanting(x={"type": "array", "items": {"type": "null"}, "minItems": 2}), {"x": [None] * 2}),
        (wanting(x={"type": "boolean"}), {"x": False}),
        (wanting(x={"type": ["null", "string"]}), {"x": "x"}),
        (wanting(x=wanting(y={"type": "number"})), {"x": {"y": 1}}),
        (wanting(x=True), {"x": ""}),
    ],
)
def test_they_fit(schema: dict[str, Any], arguments: dict[str, Any]) -> None:
    assert arguments_for(schema) == arguments


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {"type": "string"},
        wanting(x={"type": "string", "pattern": "^[0-9]{4}$"}),
        wanting(x={"type": "string", "default": 3}),
        wanting(x=False),
    ],
)
def test_where_none_are_found_there_are_none(schema: Any) -> None:
    assert arguments_for(schema) is None
