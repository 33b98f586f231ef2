"""Servers in this process: the real application, spoken to over HTTP in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ExchangeRefused
from zcp_transport_http import (
    sse_client,
    sse_server,
    streamable_http_client,
    streamable_http_server,
)
from zcp_transport_http.client.channel import streamable_channel
from zcp_transport_http.client.http import HTTPResponse
from zcp_transport_http.client.memory import MemoryHTTP

from .kitchen import Kitchen, until

pytestmark = pytest.mark.anyio
ENDPOINT = "http://127.0.0.1:8000"
HANDSHAKE = "2025-11-25"


def clients(
    kitchen: Kitchen, revision: str | None = HANDSHAKE, **hooks: Any
) -> list[ZCPClientSession]:
    """One client per way to speak HTTP."""
    native = streamable_http_server(kitchen.app, f"{ENDPOINT}/zcp")
    mcp = streamable_http_server(kitchen.app, f"{ENDPOINT}/mcp")
    return [
        streamable_http_client(native, **hooks),
        streamable_http_client(mcp, revision=revision, **hooks),
        sse_client(sse_server(kitchen.app), **hooks),
    ]


async def test_the_path_picks_the_plane() -> None:
    kitchen = Kitchen()
    spoken: list[Any] = []
    for client in clients(kitchen, revision=None):
        async with client:
            result = await client.initialize()
            spoken.append(result["protocolVersion"])
            answer = await client.call_tool("add", {"a": 2, "b": 3})
            assert answer["isError"] is False
    assert spoken == ["zcp/1", "2026-07-28", "2025-11-25"]


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_every_handshake_revision(revision: str) -> None:
    kitchen = Kitchen()
    for make in (streamable_http_client, sse_client):
        async with make(kitchen.app, revision=revision) as client:
            answer = await client.call_tool("add", {"a": 2, "b": 3})
            assert answer["content"][0]["text"] == "5"


async def test_progress_logs_and_questions_arrive() -> None:
    kitchen = Kitchen()
    logs: list[Any] = []
    progress: list[float] = []

    def heard(entry: Any) -> None:
        progress.append(entry["progress"])

    def answer(request: Any) -> Any:
        return {"accepted": True, "data": {}}

    for client in clients(kitchen, log_handler=logs.append, elicitation_handler=answer):
        logs.clear()
        progress.clear()
        async with client:
            await client.call_tool("talk", {"name": "ann", "n": 3})
            assert [entry["data"] for entry in logs] == ["ann"] * 3
            answered = await client.call_tool("ask")
            assert "accept" in str(answered)
            await client.call_tool("steps", {"n": 3}, progress=heard)
            assert progress == [1, 2, 3]


async def test_what_the_server_says_by_itself_arrives() -> None:
    kitchen = Kitchen()
    heard: list[str] = []

    def note(method: str, params: Any) -> None:
        heard.append(method)

    for client in clients(kitchen, notification_handler=note):
        heard.clear()
        async with client:
            await client.subscribe_resource("mem://news")
            kitchen.app.notify_resource_updated("mem://news")
            await until(lambda: "notifications/resources/updated" in heard)


async def test_calls_run_side_by_side_and_a_cancelled_one_stops() -> None:
    for position in range(3):
        kitchen = Kitchen()
        client = clients(kitchen)[position]
        async with client, anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "wait", {"name": "stew"})
            await until(lambda kitchen=kitchen: kitchen.begun)
            answer = await client.call_tool("add", {"a": 1, "b": 1})
            assert answer["isError"] is False
            group.cancel_scope.cancel()
        await until(lambda kitchen=kitchen: kitchen.cancelled == ["stew"])


async def test_closing_ends_the_session_on_the_server() -> None:
    server = streamable_http_server(Kitchen().app, f"{ENDPOINT}/mcp")
    async with server:
        client = streamable_http_client(server, revision=HANDSHAKE)
        async with client:
            await client.list_tools()
            assert len(server.application.kernel.audience) == 1
        await until(lambda: not server.application.kernel.audience)


async def test_clients_of_one_server_share_it() -> None:
    async with (
        streamable_http_server(Kitchen().app) as server,
        streamable_http_client(server, revision=HANDSHAKE) as one,
        streamable_http_client(server, revision=HANDSHAKE) as two,
    ):
        assert await one.list_tools() == await two.list_tools()
        assert len(server.application.kernel.audience) == 2


async def test_a_server_that_was_closed_starts_anew() -> None:
    server = streamable_http_server(Kitchen().app)
    for _ in range(2):
        async with streamable_http_client(server) as client:
            assert (await client.list_tools())["tools"]
        await server.aclose()


def test_a_server_outlives_its_event_loop() -> None:
    server = streamable_http_server(Kitchen().app, f"{ENDPOINT}/zcp")

    async def once() -> Any:
        client = streamable_http_client(server)
        await client.initialize()
        await client.initialized()
        return await client.call_tool("add", {"a": 1, "b": 2})

    for backend in ("asyncio", "trio", "asyncio"):
        assert anyio.run(once, backend=backend)["structuredContent"] == 3


async def test_an_answer_without_json_is_an_error_of_that_call() -> None:
    async with streamable_http_server(Kitchen().app, f"{ENDPOINT}/nowhere") as server:
        client = streamable_http_client(server)
        with pytest.raises(ExchangeRefused, match="404") as refused:
            await client.initialize()
        assert refused.value.status == 404
        await client.close()


class Unsteady:
    """Speaks HTTP, and ends responses early while `breaks` are left."""

    def __init__(self, http: MemoryHTTP) -> None:
        self._http = http
        self.breaks = 0
        self.requests: list[tuple[str, Mapping[str, str]]] = []

    @asynccontextmanager
    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncGenerator[HTTPResponse]:
        self.requests.append((method, headers))
        async with self._http.request(method, url, headers, body) as response:
            if self.breaks and method == "POST":
                self.breaks -= 1
                first = await anext(response.chunks)
                yield HTTPResponse(response.status, response.headers, _only(first))
            else:
                yield response


async def _only(chunk: bytes) -> AsyncGenerator[bytes]:
    yield chunk


@asynccontextmanager
async def unsteady(kitchen: Kitchen) -> AsyncGenerator[tuple[ZCPClientSession, Unsteady, Any]]:
    async with streamable_http_server(kitchen.app) as server, anyio.create_task_group() as tasks:
        http = Unsteady(MemoryHTTP(server.application, tasks))

        def connect() -> Any:
            return streamable_channel(http, server.endpoint)

        async with session_over(connect, dialects=server.dialects, revision=HANDSHAKE) as client:
            yield client, http, server
        tasks.cancel_scope.cancel()


async def test_a_lost_response_is_resumed() -> None:
    kitchen = Kitchen()
    async with unsteady(kitchen) as (client, http, _):
        http.breaks = 1
        progress: list[float] = []
        answer = await client.call_tool(
            "steps", {"n": 3}, progress=lambda entry: progress.append(entry["progress"])
        )
        assert answer["content"][0]["text"] == "3"
        assert progress == [1, 2, 3]
        assert "last-event-id" in [name for _, headers in http.requests for name in headers]


async def test_the_version_agreed_on_is_named_from_then_on() -> None:
    async with unsteady(Kitchen()) as (client, http, _):
        await client.list_tools()
        named = [headers.get("mcp-protocol-version") for _, headers in http.requests]
        assert named[0] is None
        assert set(named[1:]) == {"2025-11-25"}


async def test_a_session_the_server_forgot_is_opened_anew() -> None:
    async with unsteady(Kitchen()) as (client, _, server):
        (session,) = server.application.kernel.audience
        session.close()
        again = await client.call_tool("add", {"a": 1, "b": 2})
        assert again["content"][0]["text"] == "3"
