"""Method tables, error codes and negotiation."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel import errors, model
from zcp_kernel.contracts import Dialect, Operation
from zcp_kernel.errors import Fault
from zcp_kernel.testing.echo import EchoDialect
from zcp_profiles.mcp.dialect import MCPDialect
from zcp_profiles.mcp.history import HANDSHAKE, R1, R2, R3, R4, R5, REVISIONS
from zcp_profiles.mcp.revisions import make_revision
from zcp_profiles.native.dialect import NativeDialect

from .schema_files import definitions


def methods_of(revision: str, union: str) -> set[str]:
    """The methods of a message union of the schema."""
    found = definitions(revision)
    parts = found.get(union, {})
    names = [part["$ref"].rsplit("/", 1)[1] for part in parts.get("anyOf", ())]
    messages = [found[name] for name in names] or ([parts] if parts else [])
    return {message["properties"]["method"]["const"] for message in messages}


EXTENSION = {"tasks/get", "tasks/update", "tasks/cancel"}
"""Methods of `io.modelcontextprotocol/tasks`, which no core schema has."""
TASKS_OF_A_CLIENT = {"tasks/get", "tasks/result", "tasks/list", "tasks/cancel"}


@pytest.mark.parametrize("revision", REVISIONS)
def test_requests_are_those_of_the_schema(revision: str) -> None:
    expected = methods_of(revision, "ClientRequest") | (EXTENSION if revision == R5 else set())
    assert set(make_revision(revision).requests) == expected


@pytest.mark.parametrize("revision", HANDSHAKE)
def test_peer_requests_are_those_of_the_schema(revision: str) -> None:
    methods = {method.method for method in make_revision(revision).peer_requests.values()}
    assert methods == methods_of(revision, "ServerRequest") - TASKS_OF_A_CLIENT


def test_embedded_requests_of_the_stateless_revision() -> None:
    methods = {method.method for method in make_revision(R5).peer_requests.values()}
    assert methods == methods_of(R5, "InputRequest")


@pytest.mark.parametrize("revision", REVISIONS)
def test_notifications_are_those_of_the_schema(revision: str) -> None:
    expected = methods_of(revision, "ClientNotification") | methods_of(
        revision, "ServerNotification"
    )
    if revision == R5:
        expected.add("notifications/tasks")
    assert set(make_revision(revision).notifications) == expected


@pytest.mark.parametrize("revision", REVISIONS)
def test_facts(revision: str) -> None:
    made = make_revision(revision)
    assert made.allows_batch is (revision == R2)
    assert made.stateless is (revision == R5)
    assert made.dialect == "mcp"
    assert MCPDialect().revision(revision) is made


@pytest.mark.parametrize("revision", [R3, R4])
def test_operations_have_their_native_names(revision: str) -> None:
    elicit = make_revision(revision).peer_requests["elicitation/request"]
    assert elicit.method == "elicitation/create"
    assert "elicitation/request" not in make_revision(R1).peer_requests


async def _handler(params: Any, ctx: Any) -> Any:
    raise AssertionError


def test_further_operations() -> None:
    operation = Operation(
        "acme/echo", model.ListParams, model.Empty, _handler, methods={"mcp": "acme/say"}
    )
    hidden = Operation("acme/hidden", model.ListParams, model.Empty, _handler)
    known = Operation("tools/call", model.ListParams, model.Empty, _handler)
    mcp = make_revision(R4).extend([operation, hidden, known])
    assert mcp["acme/say"].operation == "acme/echo"
    assert mcp["acme/say"].decode_params({"cursor": "c"}) == model.ListParams(cursor="c")
    assert "acme/hidden" not in mcp
    assert mcp["tools/call"] is make_revision(R4).requests["tools/call"]
    assert {"acme/echo", "acme/hidden"} <= set(
        NativeDialect().revision().extend([operation, hidden])
    )


# -- errors ----------------------------------------------------------------------------------------

WRONG = errors.InvalidArguments(
    "invalid: two faults",
    [Fault("city", "missing", "is required"), Fault("days", "type", "must be an integer")],
)


@pytest.mark.parametrize("revision", [R4, R5])
def test_wrong_arguments_are_a_tool_error_a_model_can_mend(revision: str) -> None:
    result = make_revision(revision).rescue("tools/call", WRONG)
    assert isinstance(result, model.CallResult)
    assert result.is_error
    [block] = result.content
    assert isinstance(block, model.TextContent)
    assert "city is required" in block.text
    assert "days must be an integer" in block.text


@pytest.mark.parametrize(
    ("revision", "operation", "error"),
    [
        (R1, "tools/call", WRONG),
        (R3, "tools/call", WRONG),
        (R4, "prompts/get", WRONG),
        (R4, "tools/call", errors.InvalidParams("invalid: x")),
        (R4, "tools/call", errors.NotFound("tool", "x")),
    ],
)
def test_everything_else_is_an_error(revision: str, operation: str, error: errors.ZCPError) -> None:
    assert make_revision(revision).rescue(operation, error) is None


def test_every_fault_is_listed_where_wrong_arguments_are_an_error() -> None:
    body = make_revision(R3).error("tools/call", WRONG)
    assert body["code"] == -32602
    assert [fault["path"] for fault in body["data"]["errors"]] == ["city", "days"]


@pytest.mark.parametrize(
    ("revision", "code"), [(R1, -32002), (R2, -32002), (R3, -32002), (R4, -32002), (R5, -32602)]
)
def test_a_missing_resource(revision: str, code: int) -> None:
    body = make_revision(revision).error("resources/read", errors.NotFound("resource", "file:///x"))
    assert body["code"] == code
    assert body["data"] == {"uri": "file:///x"}


@pytest.mark.parametrize("revision", REVISIONS)
def test_other_things_missing_keep_their_code(revision: str) -> None:
    body = make_revision(revision).error("tools/call", errors.NotFound("tool", "x"))
    assert (body["code"], body["message"]) == (-32602, "not_found:x")


@pytest.mark.parametrize("dialect", [MCPDialect(), NativeDialect(), EchoDialect()])
def test_an_internal_error_tells_nothing_but_its_id(dialect: Any) -> None:
    error = errors.InternalError("KeyError: 'password'", {"id": "7", "trace": "secret"})
    body = dialect.revision().error("tools/call", error)
    assert body == {"code": -32603, "message": "internal error", "data": {"id": "7"}}


# -- negotiation -----------------------------------------------------------------------------------

META = {"_meta": {"io.modelcontextprotocol/protocolVersion": R5}}


def hello(version: Any, **more: Any) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": version, **more},
    }


@pytest.mark.parametrize(
    ("message", "claims"),
    [
        *[(hello(revision), {"mcp": revision}) for revision in HANDSHAKE],
        (hello(R5), {"mcp": R4}),
        (hello("1999-01-01"), {"mcp": R4}),
        (hello(""), {"mcp": R4}),
        (hello(7), {"mcp": R4}),
        (hello(["2024-11-05"]), {"mcp": R4}),
        (hello(R4, **META), {"mcp": R5}),
        (hello(R4, _meta={"progressToken": 1}), {"mcp": R4}),
        (hello("zcp/1"), {"native": "zcp/1"}),
        (hello("zcp/9"), {"native": "zcp/1"}),
        (hello("echo/1"), {"echo": "echo/1"}),
        (hello("other/1"), {}),
        ({"method": "initialize"}, {"mcp": R4}),
        ({"method": "initialize", "params": None}, {"mcp": R4}),
        ({"method": "initialize", "params": [1]}, {"mcp": R4}),
        ({"method": "tools/list", "params": META}, {"mcp": R5}),
        ({"method": "tools/list", "params": {}}, {}),
        ({"method": ["initialize"]}, {}),
        ({"id": 1, "result": {}}, {}),
        ({}, {}),
    ],
)
def test_who_claims_what(message: dict[str, Any], claims: dict[str, str]) -> None:
    dialects: list[Dialect] = [MCPDialect(), NativeDialect(), EchoDialect()]
    found = {d.name: d.classify(message, None) for d in dialects}
    matched = {name: match for name, match in found.items() if match is not None}
    assert {name: match.revision.name for name, match in matched.items()} == claims
    for match in matched.values():
        assert match.handshake is (match.peer is None) is (match.revision.name != R5)


@pytest.mark.parametrize("dialect", [MCPDialect(), NativeDialect(), EchoDialect()])
def test_an_unknown_revision_is_refused(dialect: Any) -> None:
    with pytest.raises(errors.InvalidParams, match="unknown"):
        dialect.revision("2000-01-01")


def test_the_newest_revision_a_session_can_be_opened_in() -> None:
    assert MCPDialect().revision().name == R4
    assert NativeDialect().revision().name == "zcp/1"
