"""`CanonicalValidator`, and which engine it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from zcp_kernel._core.schema.engine import VARIABLE, default_engine
from zcp_kernel.contracts import CompiledSchema
from zcp_kernel.errors import (
    INVALID_PARAMS,
    ConfigError,
    Fault,
    InvalidArguments,
    SchemaRefused,
    SetupError,
)
from zcp_kernel.validation import CanonicalValidator, ValidationFailure

from .conftest import HERE

TOOL = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}


class CountingEngine:
    """An engine that counts how often it is asked."""

    name = "counting"

    def __init__(self) -> None:
        self.calls: list[str] = []

    def compile(self, schema: dict[str, Any] | bool) -> CompiledSchema:
        self.calls.append("compile")
        return self

    def is_valid(self, value: Any) -> bool:
        self.calls.append("is_valid")
        return bool(value == "good")

    def faults(self, value: Any) -> list[Fault]:
        self.calls.append("faults")
        return [Fault("", "type", "no good")]


def test_a_good_value_costs_one_call() -> None:
    engine = CountingEngine()
    validator = CanonicalValidator(TOOL, engine=engine)
    assert validator.validate("good") == "good"
    assert engine.calls == ["compile", "is_valid"]


def test_a_bad_value_that_cannot_be_read_otherwise_is_not_checked_again() -> None:
    engine = CountingEngine()
    with pytest.raises(ValidationFailure):
        CanonicalValidator(TOOL, engine=engine).validate({"city": "Oslo"})
    assert engine.calls == ["compile", "is_valid", "faults"]


def test_failure_carries_every_fault_to_the_wire() -> None:
    with pytest.raises(ValidationFailure) as caught:
        CanonicalValidator(TOOL).validate({"days": "many", "when": 1})
    failure = caught.value
    assert isinstance(failure, InvalidArguments)
    assert failure.code == INVALID_PARAMS
    assert {fault.path for fault in failure.faults} == {"city", "days", "when"}
    assert {entry["path"] for entry in failure.data["errors"]} == {"city", "days", "when"}
    assert failure.message.startswith("invalid: ")
    assert all(name in failure.message for name in ("city", "days", "when"))


def test_long_lists_are_cut_in_the_headline_only() -> None:
    schema = {"items": {"type": "null"}}
    with pytest.raises(ValidationFailure, match="and 4 more") as caught:
        CanonicalValidator(schema).validate([1] * 9)
    assert len(caught.value.faults) == 9


def test_check_lists_without_raising() -> None:
    validator = CanonicalValidator(TOOL)
    assert validator.check({"city": "Oslo", "days": "3"})[0].path == "days"
    assert validator.check({"city": "Oslo"}) == []
    assert validator.schema is TOOL


def test_a_refused_schema_is_a_setup_error_and_a_value_error() -> None:
    with pytest.raises(SchemaRefused) as caught:
        CanonicalValidator({"type": "text"})
    assert isinstance(caught.value, SetupError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.keyword == "type"


@pytest.mark.parametrize("name", HERE)
def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(VARIABLE, name)
    assert default_engine().name == name
    monkeypatch.delenv(VARIABLE)
    assert default_engine().name == HERE[-1]


def test_an_unknown_engine_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "best")
    with pytest.raises(ConfigError, match="best"):
        default_engine()


def test_a_missing_engine_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zcp_kernel._core.schema.engine.find_spec", lambda name: None)
    assert default_engine().name == "pure"
    monkeypatch.setenv(VARIABLE, "rs")
    with pytest.raises(ConfigError, match=r"pip install .*zcp-kernel\[rs\]"):
        default_engine()


@pytest.mark.parametrize("name", HERE)
def test_libraries_load_with_the_first_schema(name: str) -> None:
    code = """
import sys
from zcp_kernel.validation import CanonicalValidator
libraries = {"jsonschema_rs", "fastjsonschema"}
assert not libraries & set(sys.modules), "loaded at import"
CanonicalValidator({"type": "integer"}).validate(1)
print(*(libraries & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, VARIABLE: name},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [{"rs": "jsonschema_rs", "pure": "fastjsonschema"}[name]]


@pytest.mark.parametrize(
    ("dialect", "schema", "fits", "breaks"),
    [
        ("http://json-schema.org/draft-07/schema#", {"items": [{"type": "null"}]}, [None], [1]),
        ("http://json-schema.org/draft-04/schema#", {"maximum": 1, "exclusiveMaximum": True}, 0, 1),
        (
            "https://json-schema.org/draft/2019-09/schema",
            {"items": [{"type": "null"}], "additionalItems": False},
            [None],
            [None, 1],
        ),
        ("https://json-schema.org/draft/2020-12/schema", {"prefixItems": [False]}, [], [1]),
    ],
)
def test_a_named_draft_is_followed_or_refused(
    dialect: str, schema: dict[str, Any], fits: Any, breaks: Any
) -> None:
    named = {"$schema": dialect, **schema}
    if "rs" not in HERE and "2020" not in dialect:
        with pytest.raises(SchemaRefused, match="2020-12 only"):
            CanonicalValidator(named)
        return
    validator = CanonicalValidator(named, coerce=False)
    assert validator.is_valid(fits)
    assert validator.check(breaks)
