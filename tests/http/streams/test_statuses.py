"""Which status answers what: MCP basic/transports of each revision, RFC 9110."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgi import BOTH, served

from .kitchen import Kitchen

pytestmark = pytest.mark.anyio

HANDSHAKE = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


@pytest.mark.parametrize("version", HANDSHAKE)
async def test_every_handshake_revision_gets_a_session(version: str) -> None:
    async with served(Kitchen().app) as service:
        client = service.client()
        answer = await client.initialize(version)
        assert answer.status == 200
        assert answer.message["result"]["protocolVersion"] == version
        assert client.headers["mcp-session-id"] == answer.headers["mcp-session-id"]
        called = await client.post(client.tool("add", {"a": 1, "b": 2}))
        assert (called.status, called.is_stream) == (200, False)
        assert called.message["result"]["content"][0]["text"] == "3"
        assert "mcp-session-id" not in called.headers


async def test_the_native_plane_names_its_session_in_both_headers() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session("zcp/1")
        assert client.headers["mcp-session-id"] == client.headers["x-zcp-session"]
        for name in ("mcp-session-id", "x-zcp-session"):
            fields = {"mcp-session-id": None, "x-zcp-session": None, name: client.headers[name]}
            answer = await client.post(client.call("ping"), fields)
            assert answer.message["result"] == {"ok": True}


async def test_both_eras_on_one_url_at_once() -> None:
    async with served(Kitchen().app) as service:
        old = await service.session("2025-06-18")
        fields = {
            "mcp-session-id": None,
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "add",
        }
        params = {"name": "add", "arguments": {"a": 2, "b": 2}}
        message = old.call("tools/call", params, **MODERN)
        for presented in (None, old.headers["mcp-session-id"], "invented"):
            modern = await old.post(message, {**fields, "mcp-session-id": presented})
            assert modern.status == 200
            assert modern.message["result"]["resultType"] == "complete"
            assert "mcp-session-id" not in modern.headers
        again = await old.post(old.tool("add", {"a": 1, "b": 1}))
        assert "resultType" not in again.message["result"]


async def test_modern_errors_have_statuses_of_their_own() -> None:
    async with served(Kitchen().app) as service:
        client = service.client()

        async def post(method: str, version: str, meta: dict[str, Any]) -> tuple[int, int]:
            fields = {"mcp-protocol-version": version, "mcp-method": method}
            answer = await client.post(client.call(method, {}, **meta), fields)
            return answer.status, answer.message["error"]["code"]

        unknown = {**MODERN, "io.modelcontextprotocol/protocolVersion": "2999-01-01"}
        assert await post("no/such", "2026-07-28", MODERN) == (404, -32601)
        assert await post("initialize", "2026-07-28", MODERN) == (404, -32601)
        assert await post("tools/list", "2999-01-01", unknown) == (400, -32022)
        assert await post("tools/list", "2025-11-25", MODERN) == (400, -32020)
        assert await post("tools/list", "2026-07-28", {}) == (400, -32602)


async def test_notifications_and_answers_are_accepted() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        for message in (
            {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"},
            {"jsonrpc": "2.0", "id": 99, "result": {}},
        ):
            answer = await client.post(message)
            assert (answer.status, answer.body) == (202, b"")


async def test_a_missing_session_is_not_a_dead_one() -> None:
    async with served(Kitchen().app) as service:
        client = service.client()
        ping = client.call("ping")
        assert (await client.post(ping)).status == 400
        assert (await client.post(ping, {"mcp-session-id": "invented"})).status == 404
        get = {"accept": "text/event-stream"}
        assert (await client.request("GET", headers=get)).status == 400
        assert (await client.request("DELETE")).status == 400
        gone = {"mcp-session-id": "invented", **get}
        assert (await client.request("GET", headers=gone)).status == 404
        assert (await client.request("DELETE", headers=gone)).status == 404


async def test_initialize_ignores_the_id_it_brings() -> None:
    async with served(Kitchen().app) as service:
        client = service.client(mcp_session_id="session-1")
        answer = await client.initialize()
        minted = answer.headers["mcp-session-id"]
        assert minted != "session-1"
        again = await client.initialize()
        assert again.headers["mcp-session-id"] != minted
        assert service.sessions.stats()["open"] == 2


async def test_the_smallest_initialize_of_the_transport_guide() -> None:
    async with served(Kitchen().app) as service:
        client = service.client()
        params = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "demo-client", "version": "1.0.0"},
        }
        body = json.dumps(client.call("initialize", params)).encode()
        fields = {"mcp-session-id": "session-1", "content-type": "application/json"}
        answer = await client.request("POST", body, fields)
        assert answer.status == 200
        assert answer.message["result"]["protocolVersion"] == "2025-06-18"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (BOTH, 200),
        ("*/*", 200),
        (None, 200),
        ("text/event-stream;q=0.5, application/json;q=1.0", 200),
        ("application/*, text/*", 200),
        ("APPLICATION/JSON, Text/Event-Stream", 200),
        ("application/json", 406),
        ("text/event-stream", 406),
        ("text/html", 406),
        ("application/json, text/event-stream;q=0", 406),
        ("", 406),
    ],
)
async def test_accept_names_both_forms(accept: str | None, status: int) -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        assert (await client.post(client.call("ping"), {"accept": accept})).status == status


async def test_the_native_plane_serves_what_is_accepted() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session("zcp/1")
        call = client.call("tools/call", {"name": "steps", "arguments": {"n": 2}}, progressToken=1)
        plain = await client.post(call, {"accept": "application/json"})
        assert not plain.is_stream
        assert plain.message["result"] == {"structuredContent": 2}
        stream = await client.post(client.call("ping"), {"accept": "text/event-stream"})
        assert stream.is_stream
        assert stream.message["result"] == {"ok": True}
        assert (await client.post(client.call("ping"), {"accept": "text/html"})).status == 406


@pytest.mark.parametrize("kind", [None, "text/plain", "application/jsonp", "application/json5"])
async def test_a_body_that_is_no_json_is_refused(kind: str | None) -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        assert (await client.post(client.call("ping"), {"content-type": kind})).status == 415
        good = {"content-type": "Application/JSON; charset=utf-8"}
        assert (await client.post(client.call("ping"), good)).status == 200


async def test_get_needs_to_accept_a_stream() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        answer = await client.request("GET", headers={"accept": "application/json"})
        assert answer.status == 406


async def test_other_methods_are_told_which_there_are() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        answer = await client.request("PUT")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, POST, DELETE")


@pytest.mark.parametrize("body", [b"{", b"", b"nonsense", b"\xff"])
async def test_what_is_no_json_text_is_a_parse_error(body: bytes) -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        for fields in ({}, {"mcp-session-id": None}):
            answer = await client.post(body, fields)
            assert answer.status == 400
            assert answer.message["error"]["code"] == -32700


async def test_what_is_no_message_is_an_invalid_request() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        for body in (3, "x", None, {}, {"jsonrpc": "1.0", "id": 1, "method": "ping"}):
            answer = await client.post(json.dumps(body).encode())
            assert answer.status == 400
            assert answer.message["error"]["code"] == -32600


async def test_the_session_chooses_the_codec_and_not_the_header() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session("2025-03-26")
        plain = await client.post(client.call("tools/list"))
        headed = await client.post(
            client.call("tools/list"), {"mcp-protocol-version": "2025-11-25"}
        )
        assert headed.status == 200
        assert headed.message["result"] == plain.message["result"]


@pytest.mark.parametrize("version", ["v999.0.0", "1999-01-01", "nonsense"])
async def test_a_version_nobody_knows_is_refused(version: str) -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        fields = {"mcp-protocol-version": version}
        assert (await client.post(client.call("ping"), fields)).status == 400
        assert (await client.request("DELETE", headers=fields)).status == 400
        got = await client.request("GET", headers={**fields, "accept": "text/event-stream"})
        assert got.status == 400
        assert (await client.post(client.call("ping"))).status == 200


async def test_header_names_come_in_any_case() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        session = client.headers.pop("mcp-session-id")
        for name in ("MCP-Session-Id", "mcp-session-id", "Mcp-Session-ID"):
            assert (await client.post(client.call("ping"), {name: session})).status == 200


async def test_a_header_with_two_values_is_refused() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        session = client.headers["mcp-session-id"]
        twice = {"Mcp-Session-Id": session}
        assert (await client.post(client.call("ping"), twice)).status == 200
        other = {"Mcp-Session-Id": "another"}
        assert (await client.post(client.call("ping"), other)).status == 400


async def test_batches_are_those_of_2025_03_26() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session("2025-03-26")
        batch = [
            client.tool("add", {"a": 1, "b": 2}, id=10),
            {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"},
            client.tool("add", {"a": 3, "b": 4}, id=11),
        ]
        answer = await client.post(batch)
        assert answer.status == 200
        assert {part["id"] for part in answer.message} == {10, 11}
        assert (await client.post([batch[1]])).status == 202
        assert (await client.post([])).status == 400
        later = await service.session("2025-06-18")
        refused = await later.post(batch)
        assert (refused.status, refused.message["error"]["code"]) == (400, -32600)
        nobody = await service.client().post(batch)
        assert nobody.status == 400


async def test_a_call_that_fails_is_still_an_answer() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        unknown = await client.post(client.call("no/such"))
        assert (unknown.status, unknown.message["error"]["code"]) == (200, -32601)


async def test_what_is_no_request_is_refused_in_the_era_its_headers_name() -> None:
    async with served(Kitchen().app) as service:
        client = service.client()
        fields = {"mcp-protocol-version": "2026-07-28"}
        garbled = await client.post(b"{", fields)
        assert garbled.status == 400
        assert "id" not in garbled.message, "this revision has no null ids"
        assert garbled.message["error"]["code"] == -32700
        response = {"jsonrpc": "2.0", "id": 1, "result": {}}
        answer = await client.post(response, fields)
        assert (answer.status, answer.message["error"]["code"]) == (400, -32600)
        old = await client.post(b"{", {})
        assert old.message["id"] is None
