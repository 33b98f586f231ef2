"""Type hints become schemas."""

from __future__ import annotations

import collections.abc as abc
import typing as t
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pydantic
import pytest
from zcp_kernel._core.hints import signature_schema

from .shapes import Bare, Color, Level, Options, Point, Shape, Tree, UserId


def schema_of(hint: t.Any) -> dict[str, t.Any]:
    def handler(value: t.Any) -> None: ...

    handler.__annotations__["value"] = hint
    schema = signature_schema(handler).input_schema
    value: dict[str, t.Any] = {**schema["properties"]["value"]}
    return {**value, "$defs": schema["$defs"]} if "$defs" in schema else value


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (t.Any, {}),
        (object, {}),
        (bytes, {"type": "string", "contentEncoding": "base64"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (date, {"type": "string", "format": "date"}),
        (time, {"type": "string", "format": "time"}),
        (UUID, {"type": "string", "format": "uuid"}),
        (Path, {"type": "string", "format": "path"}),
        (Decimal, {"type": ["number", "string"]}),
        (list, {"type": "array"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (abc.Sequence[str], {"type": "array", "items": {"type": "string"}}),
        (t.List[str], {"type": "array", "items": {"type": "string"}}),  # noqa: UP006
        (set[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "items": False,
                "minItems": 2,
            },
        ),
        (dict, {"type": "object"}),
        (dict[str, t.Any], {"type": "object"}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (t.Optional[int], {"type": ["integer", "null"]}),  # noqa: UP045
        (int | None, {"type": ["integer", "null"]}),
        (
            list[int] | None,
            {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
        ),
        (int | t.Any, {}),
        (t.Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (t.Literal["a", 1], {"enum": ["a", 1]}),
        (t.Literal[Color.RED], {"type": "string", "enum": ["red"]}),
        (Color, {"type": "string", "enum": ["red", "blue"]}),
        (Level, {"type": "integer", "enum": [1, 2]}),
        (Shape, {"type": "string", "enum": ["POINT", "LINE"]}),
        (Bare, {"type": "integer", "enum": [1]}),
        (UserId, {"type": "integer"}),
        (t.Annotated[int, "how many"], {"type": "integer", "description": "how many"}),
        (
            t.Annotated[int, pydantic.Field(ge=1, lt=9, description="how many")],
            {"type": "integer", "description": "how many", "minimum": 1, "exclusiveMaximum": 9},
        ),
        (
            t.Annotated[list[int], pydantic.Field(min_length=1)],
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        ),
        (
            t.Annotated[str, pydantic.Field(max_length=3, pattern="^a")],
            {"type": "string", "maxLength": 3, "pattern": "^a"},
        ),
        (
            Point,
            {
                "type": "object",
                "description": "A place on the map.",
                "properties": {
                    "x": {"type": "integer", "description": "to the right"},
                    "y": {"type": "number", "default": 0.0},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "label": {"type": "string", "description": "shown beside it", "default": ""},
                },
                "required": ["x"],
            },
        ),
        (
            Options,
            {
                "type": "object",
                "properties": {
                    "depth": {"type": "integer"},
                    "label": {"type": "string", "description": "what to call it"},
                },
                "required": ["depth"],
            },
        ),
        (
            Tree,
            {
                "$ref": "#/$defs/Tree",
                "$defs": {
                    "Tree": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "kids": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                        },
                        "required": ["name"],
                    }
                },
            },
        ),
    ],
)
def test_hints_become_schemas(hint: t.Any, schema: dict[str, t.Any]) -> None:
    assert schema_of(hint) == schema
