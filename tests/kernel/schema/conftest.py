"""What the schema tests share."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from zcp_kernel._core.schema.engine import VARIABLE, default_engine
from zcp_kernel.contracts import SchemaEngine

HERE = ["pure", "rs"] if find_spec("jsonschema_rs") else ["pure"]
"""The engines of this environment; the one without jsonschema-rs is tested in its own."""


def engine_named(name: str) -> SchemaEngine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, name)
        return default_engine()


@pytest.fixture(params=HERE)
def engine(request: pytest.FixtureRequest) -> SchemaEngine:
    """Every engine there is here, one after the other."""
    return engine_named(str(request.param))
