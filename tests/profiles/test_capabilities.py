"""Capabilities: each side says its own, in the words of the revision."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel.model import Capabilities, Implementation, InitializeParams, InitializeResult
from zcp_profiles.mcp.capabilities import encode_capabilities
from zcp_profiles.mcp.history import HANDSHAKE, R1, R3, R4, REVISIONS
from zcp_profiles.mcp.revisions import make_codec

from .populate import full
from .schema_files import definitions, validator

SIDES = {"ClientCapabilities": False, "ServerCapabilities": True}


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize(("definition", "server"), SIDES.items())
def test_each_side_sends_exactly_what_its_definition_has(
    revision: str, definition: str, server: bool
) -> None:
    encoded = encode_capabilities(make_codec(revision), full(Capabilities), server=server)
    properties = definitions(revision)[definition]["properties"]
    assert set(encoded) == set(properties)
    assert [e.message for e in validator(revision, definition).iter_errors(encoded)] == []
    for name in ("roots", "sampling", "elicitation"):
        if name in encoded:
            assert set(encoded[name]) == set(properties[name].get("properties", {}))


@pytest.mark.parametrize("revision", HANDSHAKE)
def test_the_handshake_tells_each_side_apart(revision: str) -> None:
    codec = make_codec(revision)
    who = Implementation("x", "1")
    asked = codec.encode(InitializeParams(revision, who, full(Capabilities)))["capabilities"]
    answered = codec.encode(InitializeResult(revision, who, full(Capabilities)))["capabilities"]
    assert "roots" in asked
    assert "tools" not in asked
    assert "tools" in answered
    assert "roots" not in answered


@pytest.mark.parametrize(
    ("revision", "told", "understood"),
    [
        (R3, {"form": {}, "url": {}}, {}),
        (R4, {"form": {}, "url": {}}, {"form": {}, "url": {}}),
        (R3, {"x": 1}, {"x": 1}),
    ],
)
def test_what_a_revision_does_not_know_is_not_believed(
    revision: str, told: dict[str, Any], understood: dict[str, Any]
) -> None:
    decoded = make_codec(revision).decode(Capabilities, {"elicitation": told})
    assert decoded.elicitation == understood


def test_a_capability_from_another_revision_is_kept_but_not_believed() -> None:
    decoded = make_codec(R1).decode(Capabilities, {"elicitation": {}, "org.example": {}})
    assert decoded.elicitation is None
    assert make_codec(R1).encode(decoded) == {"org.example": {}}
    assert make_codec(R3).encode(decoded) == {"elicitation": {}, "org.example": {}}
