"""Which messages are those of the stateless revision, and the order they are refused in."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import local_principal
from zcp_profiles.mcp.dialect import MCPDialect
from zcp_profiles.mcp.history import HANDSHAKE, R4, R5

from .raw import META, Recorder, headers_of, make_app, meta, request, serving

pytestmark = pytest.mark.anyio


def changed(message: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The message with other metadata; None takes a member away."""
    twin = copy.deepcopy(message)
    found = twin["params"]["_meta"]
    for name, value in members.items():
        found.pop(META + name)
        if value is not None:
            found[META + name] = value
    return twin


def without(headers: dict[str, str], *names: str, **given: str) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if name not in names}
    return {**kept, **{name.replace("_", "-"): value for name, value in given.items()}}


LIST = request("tools/list", id=7)
CALL = request("tools/call", {"name": "hello", "arguments": {}}, id=8)
FINE, NAMED = headers_of(LIST), headers_of(CALL)
ODD = changed(LIST, protocolVersion="v999.0.0")

REFUSED: list[tuple[str, dict[str, Any], dict[str, str], int]] = [
    ("no version header", LIST, without(FINE, "mcp-protocol-version"), -32020),
    ("no version header, no version", changed(LIST, protocolVersion=None), {}, -32020),
    ("no metadata", {**LIST, "params": {}}, FINE, -32602),
    ("no parameters", {"jsonrpc": "2.0", "id": 7, "method": "server/discover"}, FINE, -32602),
    ("no version", changed(LIST, protocolVersion=None), FINE, -32602),
    ("no capabilities", changed(LIST, clientCapabilities=None), FINE, -32602),
    ("capabilities, no object", changed(LIST, clientCapabilities=[1]), FINE, -32602),
    ("a capability, no object", changed(LIST, clientCapabilities={"roots": 1}), FINE, -32602),
    ("a card without a name", changed(LIST, clientInfo={"version": "1"}), FINE, -32602),
    ("metadata before the version", changed(ODD, clientCapabilities=None), FINE, -32602),
    ("another version in the body", ODD, FINE, -32020),
    ("a handshake version in the header", LIST, {**FINE, "mcp-protocol-version": R4}, -32020),
    ("an unknown version", ODD, headers_of(ODD), -32022),
    ("an unknown version before the method", ODD, without(headers_of(ODD), "mcp-method"), -32022),
    ("no method header", LIST, without(FINE, "mcp-method"), -32020),
    ("another method", LIST, without(FINE, mcp_method="prompts/list"), -32020),
    ("a method in capitals", LIST, without(FINE, mcp_method="TOOLS/LIST"), -32020),
    ("no name header", CALL, without(NAMED, "mcp-name"), -32020),
    ("another name", CALL, without(NAMED, mcp_name="wrong"), -32020),
    ("a name that is no base64", CALL, without(NAMED, mcp_name="=?base64?aGVsbG8?="), -32020),
    ("a name of no characters", CALL, without(NAMED, mcp_name="hellö"), -32020),
]


@pytest.mark.parametrize(
    ("message", "headers", "code"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED]
)
async def test_what_is_refused_and_how(
    message: dict[str, Any], headers: dict[str, str], code: int
) -> None:
    async with serving(app()) as server:
        told, status = await server.answer(message, headers)
    assert told["error"]["code"] == code
    assert told["id"] == message["id"]
    assert status == 400


def app() -> Any:
    made = make_app()

    @made.tool
    def hello() -> str:
        return "hello"

    return made


@pytest.mark.parametrize(
    "headers",
    [
        NAMED,
        without(NAMED, mcp_name="  hello  "),
        without(NAMED, mcp_name="=?base64?aGVsbG8=?="),
        without(NAMED, mcp_session_id="whatever", last_event_id="9"),
    ],
)
async def test_what_is_served(headers: dict[str, str]) -> None:
    async with serving(app()) as server:
        told, status = await server.answer(CALL, headers)
    assert told["result"]["content"] == [{"type": "text", "text": "hello"}]
    assert status == 200


async def test_an_unsupported_version_is_answered_with_those_there_are() -> None:
    async with serving(app()) as server:
        told, _ = await server.answer(ODD, headers_of(ODD))
        found = await server.call("server/discover")
    assert told["error"]["data"]["requested"] == "v999.0.0"
    assert set(told["error"]["data"]["supported"]) <= set(found["supportedVersions"])
    assert found["supportedVersions"] == [R5]


@pytest.mark.parametrize("http", [True, False])
@pytest.mark.parametrize(
    "method",
    [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "unknown/method",
        "tasks/result",
        "tasks/list",
        "handles/list",
        "tasks/create",
    ],
)
async def test_a_method_there_is_not(method: str, http: bool) -> None:
    async with serving(app()) as server:
        message = request(method)
        told, status = await server.answer(message, headers_of(message) if http else None)
    assert told == {
        "jsonrpc": "2.0",
        "id": message["id"],
        "error": {"code": -32601, "message": f"not_found:{method}"},
    }
    assert status == 404


async def test_an_unknown_log_level_is_refused() -> None:
    async with serving(app()) as server:
        level: dict[str, Any] = {f"{META}logLevel": "loud"}
        message = request("tools/list", **level)
        told, status = await server.answer(message, headers_of(message))
    assert (told["error"]["code"], status) == (-32602, 400)


async def test_without_headers_the_metadata_alone_counts() -> None:
    async with serving(app()) as server:
        told, _ = await server.answer(CALL, None)
        assert told["result"]["resultType"] == "complete"
        told, status = await server.answer(ODD, None)
        assert (told["error"]["code"], status) == (-32022, 400)


@pytest.mark.parametrize("version", [None, *HANDSHAKE])
def test_handshake_traffic_is_never_held_to_these_rules(version: str | None) -> None:
    headers = {"mcp-method": "wrong", **({"mcp-protocol-version": version} if version else {})}
    dialect = MCPDialect()
    card = {"name": "x", "version": "1"}
    params = {"protocolVersion": R5, "capabilities": {}, "clientInfo": card}
    match = dialect.classify({"id": 1, "method": "initialize", "params": params}, headers)
    assert match is not None
    assert (match.handshake, match.peer, match.revision.name) == (True, None, R4)
    for rest in ({}, {"_meta": {"progressToken": 1}}):
        message = {"id": 2, "method": "tools/call", "params": {"name": "x", **rest}}
        assert dialect.classify(message, headers) is None


@pytest.mark.parametrize(
    "message",
    [
        {"method": "initialize", "params": {"_meta": meta()}},
        {"id": 1, "result": {}, "params": {"_meta": meta()}},
        {"id": 1, "method": ["x"], "params": {"_meta": meta()}},
        {"id": 1, "method": "x", "params": {"_meta": {f"{META}clientInfo": None}}},
    ],
)
@pytest.mark.parametrize("headers", [None, {}, {"mcp-protocol-version": "x"}])
def test_any_object_can_be_classified(message: Any, headers: Any) -> None:
    match = MCPDialect().classify(message, headers)
    assert match is not None
    assert match.revision.name == R5


async def test_an_error_without_a_readable_id_has_none() -> None:
    async with serving(app()) as server:
        kernel: Kernel = server.kernel
        session = kernel.open_session(Recorder(), local_principal(), ("mcp",))
        for name in (R4, R5):
            session.adopt(kernel.dialects["mcp"].revision(name))
            due = session.take([])
            assert due is not None
            assert b'"id"' not in (await due.run() or b"")
