"""JSON-Schema-Test-Suite, draft 2020-12: the exact engine passes it, the pure one never differs."""

from __future__ import annotations

import pytest
from zcp_kernel.contracts import CompiledSchema, SchemaEngine
from zcp_kernel.errors import SchemaRefused

from .suite import Group, required_groups

REMOTE = "http://localhost:1234/"
"""Where the suite would have its remote schemas served from: nothing is ever fetched from there."""


@pytest.fixture(scope="module")
def groups(request: pytest.FixtureRequest) -> list[Group]:
    found = required_groups(request.config)
    assert sum(len(group.cases) for group in found) > 1200
    return found


def compiled(engine: SchemaEngine, group: Group) -> CompiledSchema | None:
    try:
        return engine.compile(group.schema)
    except SchemaRefused:
        return None


def differences(schema: CompiledSchema, group: Group) -> list[str]:
    return [
        f"{group.name}: {case.description}"
        for case in group.cases
        if schema.is_valid(case.data) is not case.valid
        or bool(schema.faults(case.data)) is case.valid
    ]


def test_no_engine_answers_differently(engine: SchemaEngine, groups: list[Group]) -> None:
    wrong = [
        difference
        for group in groups
        if (schema := compiled(engine, group)) is not None
        for difference in differences(schema, group)
    ]
    assert wrong == []


def test_every_fault_has_a_reason(engine: SchemaEngine, groups: list[Group]) -> None:
    unexplained = [
        f"{group.name}: {case.description}"
        for group in groups
        if (schema := compiled(engine, group)) is not None
        for case in group.cases
        if any(fault.code == "schema" for fault in schema.faults(case.data))
    ]
    assert unexplained == []


def test_exact_engine_refuses_remote_schemas_alone(
    engine: SchemaEngine, groups: list[Group]
) -> None:
    refused = {group.name: group for group in groups if compiled(engine, group) is None}
    if engine.name == "rs":
        assert all(REMOTE in str(group.schema) for group in refused.values())
        assert len(refused) < len(groups) * 0.07
    else:
        assert len(refused) < len(groups) * 0.4


def refusal_of(engine: SchemaEngine, group: Group) -> SchemaRefused | None:
    try:
        engine.compile(group.schema)
    except SchemaRefused as refusal:
        return refusal
    return None


def test_refusals_name_the_keyword(engine: SchemaEngine, groups: list[Group]) -> None:
    found = [(group, refusal_of(engine, group)) for group in groups]
    refused = [(group, refusal) for group, refusal in found if refusal is not None]
    assert refused
    for group, refusal in refused:
        assert refusal.keyword is not None
        assert refusal.keyword in str(group.schema)
