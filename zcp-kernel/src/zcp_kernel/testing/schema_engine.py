"""The contract of schema engines, as a suite to subclass:

class TestMyEngine(SchemaEngineContract):
    @pytest.fixture
    def engine(self):
        return MyEngine()
"""

from __future__ import annotations

from typing import Any

import pytest

from ..contracts import CompiledSchema, SchemaEngine
from ..errors import Fault, SchemaRefused

_ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2},
        "count": {"type": "integer", "minimum": 1},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}, "maxItems": 3},
        "who": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["city", "unit"],
    "additionalProperties": False,
    "dependentRequired": {"count": ["items"]},
    "$defs": {
        "item": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "parts": {"$ref": "#/properties/items"}},
            "required": ["name"],
        }
    },
}


def _places(faults: list[Fault]) -> set[tuple[str, str]]:
    return {(fault.path, fault.code) for fault in faults}


class SchemaEngineContract:
    """What every `SchemaEngine` does. The subclass gives the fixture `engine`."""

    @pytest.fixture
    def order(self, engine: SchemaEngine) -> CompiledSchema:
        return engine.compile(_ORDER)

    def test_has_a_name(self, engine: SchemaEngine) -> None:
        assert engine.name

    def test_a_value_that_fits_has_no_faults(self, order: CompiledSchema) -> None:
        value = {
            "city": "Oslo",
            "unit": "celsius",
            "count": 2,
            "items": [{"name": "a", "parts": [{"name": "b"}]}],
            "who": None,
        }
        assert order.is_valid(value)
        assert order.faults(value) == []

    def test_every_fault_is_listed_with_its_place_and_keyword(self, order: CompiledSchema) -> None:
        value: dict[str, Any] = {
            "city": "O",
            "count": 0,
            "who": 3,
            "surprise": 1,
            "x.y": 2,
        }
        assert not order.is_valid(value)
        assert _places(order.faults(value)) == {
            ("unit", "required"),
            ("city", "minLength"),
            ("count", "minimum"),
            ("items", "dependentRequired"),
            ("who", "anyOf"),
            ("surprise", "additionalProperties"),
            ('["x.y"]', "additionalProperties"),
        }

    def test_faults_deep_down_are_placed(self, order: CompiledSchema) -> None:
        items: list[Any] = [{"name": 1}, {"name": "a", "parts": [{}]}, "x"]
        value: dict[str, Any] = {"city": "Oslo", "unit": "celsius", "items": items}
        assert _places(order.faults(value)) == {
            ("items[0].name", "type"),
            ("items[1].parts[0].name", "required"),
            ("items[2]", "type"),
        }

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ({"city": 7, "unit": "celsius"}, ("string", "7")),
            ({"city": "Oslo", "unit": "kelvin"}, ("celsius", "fahrenheit", "kelvin")),
            ({"city": "Oslo", "unit": "celsius", "q": 1}, ("city", "unit")),
            ({"city": "Oslo", "unit": "celsius", "who": 1}, ("string", "null")),
        ],
    )
    def test_messages_say_what_would_fit(
        self, order: CompiledSchema, value: Any, words: tuple[str, ...]
    ) -> None:
        (fault,) = order.faults(value)
        assert all(word in fault.message for word in words)

    @pytest.mark.parametrize(
        ("schema", "fits", "breaks", "code"),
        [
            ({"type": "integer"}, 2.0, 2.5, "type"),
            ({"type": "integer"}, 10**30, True, "type"),
            ({"type": ["string", "null"]}, None, 1, "type"),
            ({"const": 2**64}, 2**64, 2**64 + 1, "const"),
            ({"enum": [1, "a"]}, 1.0, True, "enum"),
            ({"maximum": 2**53}, 2**53, 2**53 + 1, "maximum"),
            ({"exclusiveMinimum": 0}, 1e-9, 0, "exclusiveMinimum"),
            ({"multipleOf": 3}, 3 * 10**30, 10**30, "multipleOf"),
            ({"multipleOf": 3}, 9.0, 1e22, "multipleOf"),
            ({"pattern": "^[a-z]+$"}, "abc", "abc\n", "pattern"),
            ({"pattern": r"^\d{2}$"}, "12", "١٢", "pattern"),
            ({"minLength": 2}, "💩💩", "💩", "minLength"),
            ({"uniqueItems": True}, [1, True, "1"], [1, 1.0], "uniqueItems"),
            ({"uniqueItems": True}, [{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 1.0}], "uniqueItems"),
            ({"contains": {"const": 1}}, [0, 1], [0], "contains"),
            ({"not": {"type": "null"}}, 1, None, "not"),
            ({"oneOf": [{"minimum": 2}, {"maximum": 3}]}, 1, 2.5, "oneOf"),
            ({"oneOf": [{"type": "null"}, {"maximum": 3}]}, 1, 4, "oneOf"),
            ({"propertyNames": {"maxLength": 1}}, {"a": 1}, {"ab": 1}, "propertyNames"),
            ({"minProperties": 1}, {"a": 1}, {}, "minProperties"),
            ({"maxItems": 1}, [1], [1, 2], "maxItems"),
            (False, ..., 1, "false"),
        ],
    )
    def test_keywords(
        self, engine: SchemaEngine, schema: Any, fits: Any, breaks: Any, code: str
    ) -> None:
        compiled = engine.compile(schema)
        assert fits is ... or compiled.is_valid(fits)
        assert not compiled.is_valid(breaks)
        assert _places(compiled.faults(breaks)) == {("", code)}

    @pytest.mark.parametrize(
        ("schema", "value", "place"),
        [
            ({"prefixItems": [{"type": "null"}], "items": False}, [None, 1], ("[1]", "false")),
            ({"patternProperties": {"^x": {"type": "null"}}}, {"xy": 1}, ("xy", "type")),
            ({"additionalProperties": {"type": "null"}}, {"a": 1}, ("a", "type")),
            ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": 1}, ("b", "required")),
            ({"allOf": [{"properties": {"a": {"minimum": 3}}}]}, {"a": 1}, ("a", "minimum")),
            ({"dependentSchemas": {"a": {"maxProperties": 1}}}, {"a": 1, "b": 2},
             ("", "maxProperties")),
            ({"$ref": "#/$defs/a", "minimum": 5, "$defs": {"a": {}}}, 4, ("", "minimum")),
        ],
    )  # fmt: skip
    def test_places(
        self, engine: SchemaEngine, schema: Any, value: Any, place: tuple[str, str]
    ) -> None:
        assert _places(engine.compile(schema).faults(value)) == {place}

    def test_the_alternative_that_was_meant_is_explained(self, engine: SchemaEngine) -> None:
        shapes = {
            "circle": {
                "type": "object",
                "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}},
                "required": ["kind", "radius"],
            },
            "group": {
                "type": "object",
                "properties": {
                    "kind": {"const": "group"},
                    "parts": {"type": "array", "items": {"$ref": "#"}},
                },
                "required": ["kind", "parts"],
            },
        }
        branches = [{"$ref": "#/$defs/circle"}, {"$ref": "#/$defs/group"}, {"type": "null"}]
        compiled = engine.compile({"oneOf": branches, "$defs": shapes})
        inner = {"kind": "group", "parts": [{"kind": "circle", "radius": "1"}, None, 3]}
        faults = compiled.faults({"kind": "group", "parts": [inner]})
        assert _places(faults) == {
            ("parts[0].parts[0].radius", "type"),
            ("parts[0].parts[2]", "oneOf"),
        }

    def test_neither_schema_nor_value_are_touched(self, engine: SchemaEngine) -> None:
        schema = {"properties": {"a": {"default": 1}, "b": {"contentEncoding": "base64"}}}
        value = {"b": "aGk="}
        assert engine.compile(schema).is_valid(value)
        assert value == {"b": "aGk="}
        assert schema == {"properties": {"a": {"default": 1}, "b": {"contentEncoding": "base64"}}}

    def test_format_is_an_annotation(self, engine: SchemaEngine) -> None:
        assert engine.compile({"format": "email"}).is_valid("nobody")

    def test_a_schema_changed_later_changes_nothing(self, engine: SchemaEngine) -> None:
        schema: dict[str, Any] = {"type": "string"}
        compiled = engine.compile(schema)
        schema["type"] = "integer"
        assert compiled.faults(1)[0].code == "type"

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": "text"},
            {"required": "name"},
            {"pattern": "("},
            {"minimum": "1"},
            {"properties": []},
            {"$ref": "#/$defs/nowhere"},
            {"$ref": "https://example.com/schema.json"},
            {"$schema": "https://example.com/dialect"},
            {"$schema": "http://json-schema.org/schema#"},
            {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
            {"maximum": float("nan")},
            {"enum": [object()]},
            {"title": "\ud800"},
            {1: {}},
            [],
            None,
        ],
    )
    def test_refused(self, engine: SchemaEngine, schema: Any) -> None:
        with pytest.raises(SchemaRefused):
            engine.compile(schema)

    def test_large_schemas_are_refused(self, engine: SchemaEngine) -> None:
        with pytest.raises(SchemaRefused, match="bytes"):
            engine.compile({"description": "x" * (1 << 20)})

    def test_deep_schemas_are_refused(self, engine: SchemaEngine) -> None:
        schema: dict[str, Any] = {}
        for _ in range(70):
            schema = {"items": schema}
        with pytest.raises(SchemaRefused, match="levels"):
            engine.compile(schema)

    def test_references_that_multiply_are_refused(self, engine: SchemaEngine) -> None:
        twice = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
        with pytest.raises(SchemaRefused, match="multiply"):
            engine.compile({"$ref": "#/$defs/d0", "$defs": {**twice, "d40": {"type": "null"}}})

    @pytest.mark.parametrize(
        "value",
        ["\ud800", float("nan"), float("inf"), 10**5000, {"a": "\udfff"}, {"\ud800": 1}],
        ids=["surrogate", "nan", "infinity", "huge", "surrogate inside", "surrogate name"],
    )
    @pytest.mark.parametrize("kind", ["null", "string", "object", "array"])
    def test_odd_values_are_answered(self, engine: SchemaEngine, kind: str, value: Any) -> None:
        schema = {"type": kind, "additionalProperties": {"type": "integer"}}
        compiled = engine.compile(schema)
        assert bool(compiled.faults(value)) is not compiled.is_valid(value)

    def test_deep_values_are_answered(self, engine: SchemaEngine) -> None:
        tree = engine.compile({"type": "array", "items": {"$ref": "#"}})
        value: list[Any] = []
        for _ in range(200):
            value = [value]
        assert tree.is_valid(value)
        for _ in range(100_000):
            value = [value]
        assert _places(tree.faults(value)) == {("", "maxDepth")}

    def test_the_list_of_faults_is_bounded(self, engine: SchemaEngine) -> None:
        compiled = engine.compile({"items": {"type": "null"}})
        assert 1 <= len(compiled.faults([1] * 5_000)) <= 100
        assert 1 <= len(compiled.faults([1] * 50_000)) <= 100
