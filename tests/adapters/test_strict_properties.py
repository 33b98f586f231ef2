"""Any tool schema compiles to one the API takes, and what fits it fits the tool."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from zcp_kernel.validation import CanonicalValidator
from zcp_profiles.openai import OpenAIStrictSchemaCompiler

from .strict_rules import violations
from .tool_schemas import strict_values, tool_schemas

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(schema=tool_schemas(), data=st.data())
def test_what_the_strict_form_accepts_the_tool_accepts(
    schema: dict[str, Any], data: st.DataObject
) -> None:
    strict = OpenAIStrictSchemaCompiler().compile(schema)
    assert (strict.strict, strict.reason) == (True, None)
    assert strict.notes == ()
    assert violations(strict.schema) == []
    arguments = data.draw(strict_values(strict.schema))
    assume(CanonicalValidator(strict.schema, coerce=False).is_valid(arguments))
    assert CanonicalValidator(schema, coerce=False).check(strict.decode(arguments)) == []


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(schema=tool_schemas(combining=True), data=st.data())
def test_combined_schemas_hold_too_or_say_what_only_the_server_checks(
    schema: dict[str, Any], data: st.DataObject
) -> None:
    strict = OpenAIStrictSchemaCompiler().compile(schema)
    if not strict.strict:
        assert strict.reason
        assert strict.schema == schema
        return
    assert violations(strict.schema) == []
    arguments = data.draw(strict_values(strict.schema))
    assume(CanonicalValidator(strict.schema, coerce=False).is_valid(arguments))
    if not strict.notes:
        assert CanonicalValidator(schema, coerce=False).check(strict.decode(arguments)) == []


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(schema=tool_schemas(), value=st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_decoding_never_raises(schema: dict[str, Any], value: Any) -> None:
    strict = OpenAIStrictSchemaCompiler().compile(schema)
    strict.decode(value)
    strict.decode(dict.fromkeys(strict.schema.get("properties", {}), value))
