"""Both engines say the same about any schema the pure one takes, down to place and keyword.

Run where both are: tox leaves it out of the environment without jsonschema-rs.
"""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from zcp_kernel.errors import Fault, SchemaRefused

from .conftest import engine_named
from .schemas import SCHEMAS, VALUES


def places(faults: list[Fault]) -> set[tuple[str, str]]:
    return {(fault.path, fault.code) for fault in faults}


@settings(max_examples=400, deadline=None)
@given(schema=SCHEMAS, value=VALUES)
def test_engines_agree(schema: dict[str, Any], value: Any) -> None:
    try:
        pure = engine_named("pure").compile(schema)
    except SchemaRefused:
        return
    exact = engine_named("rs").compile(schema)
    assert pure.is_valid(value) is exact.is_valid(value)
    assert places(pure.faults(value)) == places(exact.faults(value))


@settings(max_examples=300, deadline=None)
@given(
    pattern=st.text(alphabet="ab1_ .*+?|()[]^$\\dwsDWSbB{},2-", max_size=8),
    text=st.text(alphabet="ab1_ .é\n-", max_size=6),
)
def test_accepted_patterns_agree_with_the_exact_engine(pattern: str, text: str) -> None:
    """But for word boundaries beside letters beyond ASCII: there jsonschema-rs follows Unicode,
    while ECMA-262 (WordCharacters) and the pure engine keep to ASCII."""
    assume(text.isascii() or "b" not in pattern.lower())
    try:
        pure = engine_named("pure").compile({"pattern": pattern})
        exact = engine_named("rs").compile({"pattern": pattern})
    except SchemaRefused:
        return
    assert pure.is_valid(text) is exact.is_valid(text)
