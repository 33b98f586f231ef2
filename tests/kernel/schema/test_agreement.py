"""Both engines say the same about any schema the pure one takes, down to place and keyword."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from zcp_kernel.errors import Fault, SchemaRefused

from .conftest import HERE, engine_named
from .schemas import SCHEMAS, VALUES

pytestmark = pytest.mark.skipif(
    "rs" not in HERE, reason="compares with jsonschema-rs, absent here by design"
)


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
