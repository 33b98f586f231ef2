"""Elicitation in the words of each revision."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel.errors import MissingCapability
from zcp_kernel.model import ElicitationRequest, ElicitationResult
from zcp_profiles.mcp.history import R3, R4, R5
from zcp_profiles.mcp.revisions import make_codec

from .schema_files import validator

FORM: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "city": {"type": "string", "default": "Bonn"},
        "sure": {"type": "boolean", "default": False},
        "unit": {"type": "string", "oneOf": [{"const": "c", "title": "Celsius"}, {"const": "f"}]},
    },
    "required": ["city"],
}
MANY = {"type": "object", "properties": {"a": {"type": "array", "items": {"enum": ["x"]}}}}


def test_a_form_in_2025_06_18() -> None:
    out = make_codec(R3).encode(ElicitationRequest("where?", FORM, mode="form"))
    assert set(out) == {"message", "requestedSchema"}
    assert out["requestedSchema"]["properties"] == {
        "city": {"type": "string"},
        "sure": {"type": "boolean", "default": False},
        "unit": {"type": "string", "enum": ["c", "f"], "enumNames": ["Celsius", "f"]},
    }
    assert out["requestedSchema"]["required"] == ["city"]
    check = validator(R3, "ElicitRequest", params=True)
    assert [error.message for error in check.iter_errors(out)] == []


@pytest.mark.parametrize("revision", [R4, R5])
def test_a_form_later_is_sent_as_it_is(revision: str) -> None:
    out = make_codec(revision).encode(ElicitationRequest("where?", FORM))
    assert out == {"message": "where?", "requestedSchema": FORM}


@pytest.mark.parametrize(
    ("request_", "missing"),
    [
        (ElicitationRequest("go", url="https://example.org"), "elicitation.url"),
        (ElicitationRequest("which?", MANY), "elicitation.multiSelect"),
    ],
)
def test_what_2025_06_18_cannot_ask_is_refused(request_: ElicitationRequest, missing: str) -> None:
    with pytest.raises(MissingCapability, match=missing):
        make_codec(R3).encode(request_)


def test_a_page_says_its_mode() -> None:
    request = ElicitationRequest("go", url="https://example.org", elicitation_id="e")
    out = make_codec(R4).encode(request)
    assert out == {
        "message": "go",
        "mode": "url",
        "url": "https://example.org",
        "elicitationId": "e",
    }
    assert "elicitationId" not in make_codec(R5).encode(request)


def test_a_form_without_fields_has_an_empty_schema() -> None:
    out = make_codec(R4).encode(ElicitationRequest("sure?"))
    assert out["requestedSchema"] == {"type": "object", "properties": {}}


def test_answers() -> None:
    result = ElicitationResult("accept", {"tags": ["a", "b"], "n": 1})
    assert make_codec(R3).encode(result)["content"] == {"tags": '["a","b"]', "n": 1}
    assert make_codec(R4).encode(result)["content"] == {"tags": ["a", "b"], "n": 1}
