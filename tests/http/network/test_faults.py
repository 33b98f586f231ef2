"""Servers that die, stall, refuse, and come back: one call fails, typed; the session lives on."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from exchanges import Script, status, text
from server_process import Server, free_port, server, serving
from wires import Conversation, RawRequest, listening, raw_server
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.context import Context
from zcp_kernel.errors import ConnectionLost, DeadlineExceeded, ExchangeRefused, RateLimited
from zcp_transport_http import sse_client, streamable_http_client
from zcp_transport_http.config import SSEConfig

from .counting import bench, counting, said

pytestmark = pytest.mark.anyio
SERVED = "tests/http/core/servers/served.py:app"
PATIENCE = 20
"""Bounds a test that hangs; nothing is measured."""


@asynccontextmanager
async def process(port: int, folder: Path) -> AsyncGenerator[Server]:
    context = server(serving(SERVED, port=port), port, folder)
    running = await anyio.to_thread.run_sync(context.__enter__)
    try:
        yield running
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(context.__exit__, None, None, None)


async def clients(port: int, stack: AsyncExitStack) -> dict[str, ZCPClientSession]:
    """One session in every way to speak HTTP."""
    base = f"http://127.0.0.1:{port}"
    made = {
        revision: streamable_http_client(f"{base}/mcp", revision=revision)
        for revision in ("2024-11-05", "2025-11-25", "2026-07-28")
    }
    made["zcp/1"] = streamable_http_client(f"{base}/zcp")
    made["sse"] = sse_client(f"{base}/sse")
    for client in made.values():
        await stack.enter_async_context(client)
    return made


async def waiting(client: ZCPClientSession, wanted: int) -> None:
    """Until so many calls run at the server."""
    # It is in another process: nothing here is told.
    while said(await client.call_tool("how_many_wait")) != str(wanted):  # noqa: ASYNC110
        await anyio.sleep(0.02)


async def test_a_server_killed_in_the_middle_of_calls_and_started_anew(tmp_path: Path) -> None:
    port = free_port()
    failed: dict[str, Exception] = {}

    async def lost(name: str, client: ZCPClientSession) -> None:
        try:
            await client.call_tool("slow", {"seconds": 3600})
        except Exception as error:
            failed[name] = error

    async with AsyncExitStack() as stack:
        async with process(port, tmp_path) as first:
            made = await clients(port, stack)
            with anyio.fail_after(PATIENCE):
                async with anyio.create_task_group() as calls:
                    for name, client in made.items():
                        calls.start_soon(lost, name, client)
                    await waiting(made["zcp/1"], len(made))
                    await anyio.to_thread.run_sync(first.stop, signal.SIGKILL)
        assert {*failed} == {*made}
        for name, error in failed.items():
            assert isinstance(error, ConnectionLost), (name, error)
            assert not error.retryable, name
        async with process(port, tmp_path):
            for name, client in made.items():
                with anyio.fail_after(PATIENCE):
                    assert said(await client.call_tool("slow", {"seconds": 0})) == "done", name


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28", "zcp/1", "sse"])
async def test_a_proxy_that_stalls(revision: str) -> None:
    alive = {"sse": SSEConfig(keepalive_seconds=0.05)}
    async with bench(revision, alive, least_silence_seconds=0.5) as table:
        # Until the client has seen that its streams are kept alive.
        await anyio.sleep(0.2)
        table.proxy.stalled = True
        with pytest.raises(DeadlineExceeded):
            await table.client.call_tool("plain", {"name": "stalled"}, timeout=0.2)
        table.proxy.stalled = False
        if revision == "sse":
            # Its one stream goes through the connection that stalls, until that counts as dead.
            await anyio.sleep(1.0)
        with anyio.fail_after(PATIENCE):
            assert await table.call("plain", "next") == ("done next", [])


class Refusing(Script):
    """A server of 2025-11-25 with one tool, that refuses calls as told."""

    async def __call__(self, conversation: Conversation, request: RawRequest) -> Any:
        if b'"server/discover"' in request.body:
            return await conversation.respond(400)
        if b'"initialize"' in request.body:
            result = {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "refusing", "version": "1"},
            }
            return await conversation.respond(200, answered(request, result), self.headers)
        if b'"tools/call"' in request.body and not self.calls:
            result = {"content": [{"type": "text", "text": "done"}]}
            return await conversation.respond(200, answered(request, result))
        return await super().__call__(conversation, request)


def answered(request: RawRequest, result: Any) -> bytes:
    return text({"jsonrpc": "2.0", "id": json.loads(request.body)["id"], "result": result})


@pytest.mark.parametrize("number", [400, 403, 410, 500, 502])
async def test_a_refusal_is_of_one_call(number: int) -> None:
    async with (
        raw_server(Refusing(status(number))) as raw,
        streamable_http_client(raw.url()) as client,
    ):
        with pytest.raises(ExchangeRefused) as refused:
            await client.call_tool("x")
        assert refused.value.status == number
        assert said(await client.call_tool("x")) == "done"


async def test_a_server_that_wants_patience() -> None:
    async with (
        raw_server(Refusing(status(429, retry_after="3600"))) as raw,
        streamable_http_client(raw.url()) as client,
    ):
        with pytest.raises(RateLimited) as limited:
            await client.call_tool("x")
        assert limited.value.retry_after == 3600
        assert said(await client.call_tool("x")) == "done"


async def test_a_session_the_server_forgot_is_opened_anew() -> None:
    async with (
        raw_server(Refusing(status(404))) as raw,
        streamable_http_client(raw.url()) as client,
    ):
        assert said(await client.call_tool("x")) == "done"
        opened = [each for each in raw.requests if b'"initialize"' in each.body]
        assert len(opened) == 2


async def test_many_at_once() -> None:
    async with bench("2025-11-25") as table:
        results: list[str] = []

        async def one(number: int) -> None:
            answer = await table.client.call_tool("steps", {"name": str(number)})
            results.append(said(answer))

        with anyio.fail_after(60):
            async with anyio.create_task_group() as calls:
                for number in range(600):
                    calls.start_soon(one, number)
        assert sorted(results) == sorted(f"done {number}" for number in range(600))
        assert all(table.ran[str(number)] == 1 for number in range(600))


async def test_questions_are_answered_while_every_exchange_is_taken() -> None:
    app, _ = counting()

    @app.tool
    async def ask(ctx: Context) -> str:
        action, _ = await ctx.elicit("Sure?", {"type": "object", "properties": {}})
        return action

    async with listening(app) as site:
        hooks = {"elicitation_handler": lambda request: {"action": "accept", "content": {}}}
        url = site.url("/mcp")
        async with streamable_http_client(url, revision="2025-11-25", **hooks) as client:
            answers: list[str] = []

            async def one() -> None:
                answers.append(said(await client.call_tool("ask")))

            with anyio.fail_after(60):
                async with anyio.create_task_group() as calls:
                    for _ in range(400):
                        calls.start_soon(one)
            assert answers == ["accept"] * 400
