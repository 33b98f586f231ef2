"""Lenient reading of arguments: only what was refused, only where one meaning is possible."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from zcp_kernel._core.schema.coerce import coerce
from zcp_kernel.contracts import SchemaEngine
from zcp_kernel.errors import SchemaRefused
from zcp_kernel.validation import CanonicalValidator, ValidationFailure

from .conftest import HERE, engine_named
from .schemas import SCHEMAS, VALUES

INT = {"type": "integer"}
NUMBER = {"type": "number"}
BOOL = {"type": "boolean"}


def same(one: Any, other: Any) -> bool:
    """Equal in type too: True is not 1, and 3 is not 3.0."""
    return repr(one) == repr(other)


@pytest.mark.parametrize(
    ("schema", "value", "read"),
    [
        (INT, "3", 3),
        (INT, "-12", -12),
        (INT, str(10**30), 10**30),
        (NUMBER, "3", 3),
        (NUMBER, "3.5", 3.5),
        (NUMBER, "1e3", 1000.0),
        (BOOL, "true", True),
        (BOOL, "false", False),
        ({"type": "null"}, "null", None),
        ({"type": ["integer", "null"]}, "null", None),
        ({"type": ["integer", "boolean"]}, "7", 7),
        ({"type": ["integer", "number"]}, "7", 7),
        ({"anyOf": [INT, {"type": "null"}]}, "7", 7),
        ({"oneOf": [BOOL, {"type": "null"}]}, "true", True),
        ({"allOf": [INT, {"minimum": 3}]}, "7", 7),
        ({"$ref": "#/$defs/n", "$defs": {"n": INT}}, "7", 7),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"anyOf": [INT, BOOL]}}}, "true", True),
        ({"items": INT}, ["1", 2, "3"], [1, 2, 3]),
        ({"prefixItems": [INT], "items": BOOL}, ["1", "true"], [1, True]),
        ({"properties": {"a": INT}}, {"a": "1", "b": "2"}, {"a": 1, "b": "2"}),
        ({"additionalProperties": INT}, {"a": "1"}, {"a": 1}),
        (
            {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a": INT}}]},
            {"a": "1"},
            {"a": 1},
        ),
        (
            {
                "oneOf": [
                    {"properties": {"k": {"const": "n"}, "v": INT}},
                    {"properties": {"k": {"const": "s"}, "v": {"type": "array"}}},
                ]
            },
            {"k": "n", "v": "1"},
            {"k": "n", "v": 1},
        ),
    ],
)
def test_read_as_meant(schema: Any, value: Any, read: Any) -> None:
    before = deepcopy(value)
    assert same(CanonicalValidator(schema).validate(value), read)
    assert same(value, before)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (INT, ""),
        (INT, " 3"),
        (INT, "3\n"),
        (INT, "+3"),
        (INT, "03"),
        (INT, "3.0"),
        (INT, "1e3"),
        (INT, "٣"),
        (INT, "9" * 5000),
        (NUMBER, "NaN"),
        (NUMBER, "Infinity"),
        (NUMBER, "1e999"),
        (NUMBER, "0x10"),
        (NUMBER, ".5"),
        (BOOL, "True"),
        (BOOL, "1"),
        (BOOL, 1),
        ({"type": "null"}, ""),
        ({"type": "string"}, 3),
        (INT, [3]),
        (INT, "7 apples"),
        ({"type": "integer", "maximum": 5}, "7"),
    ],
)
def test_left_alone(schema: Any, value: Any) -> None:
    with pytest.raises(ValidationFailure):
        CanonicalValidator(schema).validate(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": ["string", "integer"]}, "3"),
        ({"anyOf": [{"type": "string"}, INT]}, "3"),
        ({"anyOf": [{}, INT]}, "3"),
        ({}, "3"),
        (INT, 3.0),
        ({"enum": ["3", 3]}, "3"),
    ],
)
def test_what_fits_is_the_very_same(schema: Any, value: Any) -> None:
    assert CanonicalValidator(schema).validate(value) is value


def test_an_ambiguous_alternative_is_left_alone() -> None:
    schema = {
        "properties": {
            "u": {"anyOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": INT}}]},
            "n": INT,
        }
    }
    read = CanonicalValidator(schema).validate({"u": {"a": "3"}, "n": "3"})
    assert same(read, {"u": {"a": "3"}, "n": 3})


def test_faults_are_those_of_the_original() -> None:
    schema = {"properties": {"a": INT, "b": INT}}
    with pytest.raises(ValidationFailure) as failure:
        CanonicalValidator(schema).validate({"a": "3", "b": "x"})
    assert [fault.path for fault in failure.value.faults] == ["a", "b"]


def test_switched_off() -> None:
    with pytest.raises(ValidationFailure):
        CanonicalValidator(INT, coerce=False).validate("3")


def test_recursive_schemas_and_deep_values() -> None:
    schema = {"type": "array", "items": {"anyOf": [{"$ref": "#"}, INT]}}
    value: Any = ["1"]
    expected: Any = [1]
    for _ in range(60):
        value, expected = [value], [expected]
    assert same(CanonicalValidator(schema).validate(value), expected)
    assert coerce({"$ref": "#"}, ["1"]) == ["1"]


@pytest.mark.parametrize("name", HERE)
@settings(max_examples=200, deadline=None)
@given(schema=SCHEMAS, value=VALUES)
def test_what_comes_out_fits_and_what_fits_comes_out(name: str, schema: Any, value: Any) -> None:
    engine: SchemaEngine = engine_named(name)
    try:
        validator = CanonicalValidator(schema, engine=engine)
    except SchemaRefused:
        assume(False)
        return
    before = repr(value)
    fitted = validator.is_valid(value)
    read = outcome(validator, value)
    if isinstance(read, ValidationFailure):
        assert read.faults
        assert not fitted
    else:
        assert validator.is_valid(read)
        assert read is value or not fitted
    assert repr(value) == before


def outcome(validator: CanonicalValidator, value: Any) -> Any:
    try:
        return validator.validate(value)
    except ValidationFailure as failure:
        return failure


@given(
    value=st.recursive(
        st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.booleans()
        | st.none(),
        lambda inner: st.lists(inner, max_size=3),
    )
)
def test_quoting_every_scalar_is_undone(value: Any) -> None:
    schema = {
        "$ref": "#/$defs/v",
        "$defs": {
            "v": {
                "anyOf": [
                    {"type": ["number", "boolean", "null"]},
                    {"type": "array", "items": {"$ref": "#/$defs/v"}},
                ]
            }
        },
    }
    assert same(CanonicalValidator(schema).validate(quoted(value)), value)


def quoted(value: Any) -> Any:
    if isinstance(value, list):
        return [quoted(item) for item in value]
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else repr(value)
