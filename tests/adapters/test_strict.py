"""What the strict form of a schema looks like, and how its values come back."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel.jsontext import dumps
from zcp_kernel.validation import CanonicalValidator
from zcp_profiles.openai import OpenAIStrictSchemaCompiler, StrictSchema

from .strict_rules import violations


def compiled(schema: dict[str, Any], **options: Any) -> StrictSchema:
    strict = OpenAIStrictSchemaCompiler(**options).compile(schema)
    assert strict.strict, strict.reason
    assert violations(strict.schema) == []
    return strict


def member(schema: Any, required: bool = True) -> tuple[dict[str, Any], StrictSchema]:
    """The strict form of one property's schema."""
    needed = ["x"] if required else []
    strict = compiled({"type": "object", "properties": {"x": schema}, "required": needed})
    return strict.schema["properties"]["x"], strict


def test_an_optional_list_may_be_null_and_null_is_left_out() -> None:
    form, strict = member({"type": "array", "items": {"type": "string"}}, required=False)
    assert form == {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}
    assert strict.decode({"x": None}) == {}
    assert strict.decode({"x": ["a"]}) == {"x": ["a"]}


def test_a_required_null_stays_and_nested_optionals_go() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "null"}},
             "required": ["b"]}  # fmt: skip
    form, strict = member(inner)
    assert form["properties"]["a"] == {"type": ["integer", "null"]}
    assert strict.decode({"x": {"a": None, "b": None}}) == {"x": {"b": None}}


def test_an_optional_enum_takes_null_as_a_value() -> None:
    form, strict = member({"enum": ["a", "b"], "description": "which"}, required=False)
    assert form == {
        "type": ["string", "null"], "enum": ["a", "b", None], "description": "which"
    }  # fmt: skip
    assert strict.decode({"x": None}) == {}


@pytest.mark.parametrize(
    ("values", "sent", "back"),
    [
        ([1, "a", None], "a", "a"),
        ([{"k": 1}, [2]], '{"k": 1}', {"k": 1}),
        ([True, 2.5], 2.5, 2.5),
    ],
)
def test_enums_of_any_type(values: list[Any], sent: Any, back: Any) -> None:
    _, strict = member({"enum": values})
    assert CanonicalValidator(strict.schema, coerce=False).is_valid({"x": sent})
    assert strict.decode({"x": sent}) == {"x": back}


def test_a_map_is_a_list_of_pairs() -> None:
    form, strict = member({"type": "object", "additionalProperties": {"type": "integer"}})
    assert form["type"] == "array"
    assert form["items"]["required"] == ["key", "value"]
    pairs = [{"key": "a", "value": 1}, {"key": "b", "value": 2}]
    assert strict.decode({"x": pairs}) == {"x": {"a": 1, "b": 2}}
    assert strict.decode({"x": {"a": 1}}) == {"x": {"a": 1}}, (
        "as an API without schemas may send it"
    )


def test_an_open_object_keeps_its_known_properties() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
              "required": ["a"], "additionalProperties": {"type": "integer"}}  # fmt: skip
    strict = compiled(schema)
    sent = {
        "a": "x",
        "b": None,
        "other_members": [{"key": "n", "value": 1}, {"key": "b", "value": 2}],
    }
    assert strict.decode(sent) == {"a": "x", "n": 1}, "a known name is no further member"


def test_a_tuple_is_an_object_of_places() -> None:
    schema = {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}],
              "minItems": 2, "maxItems": 2}  # fmt: skip
    form, strict = member(schema)
    assert list(form["properties"]) == ["item_0", "item_1"]
    assert strict.decode({"x": {"item_0": 1, "item_1": "a"}}) == {"x": [1, "a"]}


def test_anything_is_a_scalar_or_json_text() -> None:
    _, strict = member({})
    assert strict.decode({"x": '{"a": [1]}'}) == {"x": {"a": [1]}}
    assert strict.decode({"x": "{not json"}) == {"x": "{not json"}
    assert strict.decode({"x": "12"}) == {"x": "12"}
    assert strict.decode({"x": "[NaN]"}) == {"x": "[NaN]"}


def test_recursion_keeps_its_reference() -> None:
    schema = {
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/Node"}},
        "required": ["tree"],
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                },
                "required": ["children"],
            }
        },
    }
    strict = compiled(schema)
    sent = {"tree": {"tags": None, "children": [
        {"tags": [{"key": "a", "value": "b"}], "children": []}]}}  # fmt: skip
    assert strict.decode(sent) == {"tree": {"children": [{"tags": {"a": "b"}, "children": []}]}}
    own = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    assert compiled(own).decode({"next": {"next": None}}) == {"next": {}}


def test_a_union_decodes_by_the_branch_that_fits() -> None:
    schema = {
        "anyOf": [
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {"type": "array", "items": {"type": "string"}},
        ]
    }
    _, strict = member(schema)
    assert strict.decode({"x": [{"key": "a", "value": 1}]}) == {"x": {"a": 1}}
    assert strict.decode({"x": ["a"]}) == {"x": ["a"]}


def test_a_union_at_the_top_stands_in_one_property() -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
        "anyOf": [{"required": ["id"]}, {"required": ["name"]}],
    }
    strict = compiled(schema)
    assert list(strict.schema["properties"]) == ["input"]
    assert strict.decode({"input": {"id": 1, "name": None}}) == {"id": 1}


def test_all_of_is_merged() -> None:
    schema = {
        "allOf": [
            {"type": "object", "properties": {"a": {"minimum": 1}}, "required": ["a"]},
            {"properties": {"a": {"type": "integer", "maximum": 5}, "b": {"type": "string"}}},
        ]
    }  # fmt: skip
    strict = compiled(schema)
    assert strict.schema["properties"]["a"] == {"type": "integer", "minimum": 1, "maximum": 5}
    assert strict.notes == ()


def test_what_only_the_server_checks_is_noted() -> None:
    schema = {
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "word": {"type": "string", "pattern": "(?=x)", "format": "uri"},
        },
        "not": {"required": ["word"]},
    }
    strict = compiled(schema)
    assert strict.notes == ("arguments: not", "list: uniqueItems", "word: pattern")
    assert "no item twice" in strict.schema["properties"]["list"]["description"]
    assert "format: uri" in strict.schema["properties"]["word"]["description"]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "object", "properties": {"x": {"$ref": "https://a/b"}}}, "leaves the schema"),
        ({"type": "object", "properties": {"x": False}, "required": ["x"]}, "no value fits"),
        ({"type": "object", "properties": {f"p{n}": {} for n in range(5001)}}, "properties"),
        ({"type": "object", "properties": {"x": {"enum": list(range(1001))}}}, "enum values"),
        ({"type": "object", "properties": 3}, "no JSON Schema"),
        ({"type": "object", "properties": {"x": {"$ref": "#/properties/x"}}}, "leads to itself"),
    ],
)
def test_without_a_strict_form_the_schema_goes_as_it_is(
    schema: dict[str, Any], reason: str
) -> None:
    strict = OpenAIStrictSchemaCompiler().compile(schema)
    assert (strict.strict, strict.schema) == (False, schema)
    assert reason in (strict.reason or "")
    assert strict.decode({"x": None}) == {"x": None}


def test_a_schema_nested_too_deep_is_no_crash() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(11):
        schema = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    assert "levels" in (OpenAIStrictSchemaCompiler().compile(schema).reason or "")
    for _ in range(5000):
        schema = {"anyOf": [schema, {"type": "null"}]}
    assert not OpenAIStrictSchemaCompiler().compile(schema).strict


def test_a_schema_that_multiplies_is_given_up_soon() -> None:
    inner: dict[str, Any] = {"type": "string"}
    for _ in range(12):
        inner = {
            "type": "object",
            "properties": {"a": inner, "b": inner},
            "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
        }
    strict = OpenAIStrictSchemaCompiler().compile({"type": "object", "properties": {"x": inner}})
    assert (strict.strict, strict.reason) == (False, "more than 20000 parts")


def test_all_of_one_reference_may_contain_itself() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"allOf": [{"$ref": "#/$defs/Node"}], "description": "the next"}},
    }
    strict = compiled({"type": "object", "properties": {"n": {"$ref": "#/$defs/Node"}},
                       "$defs": {"Node": node}})  # fmt: skip
    assert strict.decode({"n": {"next": {"next": None}}}) == {"n": {"next": {}}}


def test_a_large_argument_may_be_a_handle() -> None:
    rows = {"type": "array", "items": {"type": "object", "properties": {
        "a": {"type": "string"}, "b": {"type": "string"}}}}  # fmt: skip
    schema = {"type": "object", "properties": {"rows": rows, "n": {"type": "integer"}},
              "required": ["rows"], "$defs": {"handle": {"type": "string"}}}  # fmt: skip
    strict = compiled(schema, handle_bytes=1024)
    assert "$handle" in dumps(strict.schema).decode()
    reference = {"$handle": "abc", "pointer": None}
    assert strict.decode({"rows": reference, "n": None}) == {"rows": {"$handle": "abc"}}
    assert "$handle" not in dumps(compiled(schema, handle_bytes=1 << 20).schema).decode()
    hinted = {"type": "object", "properties": {"n": {"type": "string", "x-zcp-size": 1 << 21}}}
    assert "$handle" in dumps(compiled(hinted, handle_bytes=1 << 20).schema).decode()


def test_the_fields_that_an_earlier_release_forced_stay_optional() -> None:
    schema = {"type": "object", "properties": {"tags": {"type": ["array", "null"], "items": {}},
              "more": {"type": "array"}}}  # fmt: skip
    assert compiled(schema).decode({"tags": None, "more": None}) == {}
