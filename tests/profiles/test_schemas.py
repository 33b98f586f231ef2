"""Every class against every published schema: the members sent are exactly those there are."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel import jsontext
from zcp_kernel.model import wire_name
from zcp_profiles.mcp.history import R5, REVISIONS
from zcp_profiles.mcp.revisions import make_codec

from .populate import full, minimal
from .schema_files import definitions, members, validator
from .schema_map import CASES, UNMAPPED, Case

EVERY = [
    pytest.param(case, revision, id=f"{revision}-{case}")
    for case in CASES
    for revision in case.revisions
]


def sent(revision: str, instance: Any) -> dict[str, Any]:
    """What a peer would read."""
    encoded: dict[str, Any] = jsontext.loads(jsontext.dumps(make_codec(revision).encode(instance)))
    return encoded


def populated(case: Case) -> Any:
    return full(case.cls, **(case.given or {}))


@pytest.mark.parametrize(("case", "revision"), EVERY)
def test_a_full_instance_has_exactly_the_members_of_its_definition(
    case: Case, revision: str
) -> None:
    names, _ = members(revision, case.definition, params=case.params)
    assert set(sent(revision, populated(case))) == names


@pytest.mark.parametrize(("case", "revision"), EVERY)
def test_a_minimal_instance_has_exactly_the_required_members(case: Case, revision: str) -> None:
    _, required = members(revision, case.definition, params=case.params)
    encoded = sent(revision, minimal(case.cls, **(case.given or {})))
    if revision == R5 and case.params:
        # The session's facts: added to each request by whoever sends it, not by the codec.
        required -= {"_meta"}
    assert set(encoded) - case.beyond - _given(case) == required - _given(case)
    assert required <= set(encoded)


def _given(case: Case) -> set[str]:
    """Members the case sets whatever the schema requires."""
    return {wire_name(name) for name, value in (case.given or {}).items() if value is not None}


@pytest.mark.parametrize(("case", "revision"), EVERY)
@pytest.mark.parametrize("make", [full, minimal])
def test_what_is_sent_is_valid(case: Case, revision: str, make: Any) -> None:
    encoded = sent(revision, make(case.cls, **(case.given or {})))
    if revision == R5 and case.params:
        encoded["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": R5,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    check = validator(revision, case.definition, params=case.params)
    assert [error.message for error in check.iter_errors(encoded)] == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_definition_is_mapped_or_excused(revision: str) -> None:
    mapped = {
        name
        for case in CASES
        if revision in case.revisions
        for name in (case.definition, *case.covers)
    }
    assert set(definitions(revision)) - mapped - set(UNMAPPED) == set()


def test_no_excuse_is_stale() -> None:
    everything = {name for revision in REVISIONS for name in definitions(revision)}
    assert set(UNMAPPED) - everything == set()


def test_no_definition_is_mapped_and_excused_in_every_revision() -> None:
    for name in set(UNMAPPED) & {case.definition for case in CASES}:
        mapped = {r for case in CASES if case.definition == name for r in case.revisions}
        assert any(name in definitions(r) for r in set(REVISIONS) - mapped), name
