"""`ctx.release_stream()` from sync handlers, and where there is no stream to release."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from asgi import served
from harness import connected, make_app
from zcp_kernel.app import FastZCP

pytestmark = pytest.mark.anyio


def leaving(app: FastZCP, go: threading.Event) -> None:
    @app.tool
    def leave(ctx: Any) -> bool:
        left: bool = ctx.release_stream()
        go.wait(10)
        return left


async def test_a_sync_handler_lets_go() -> None:
    app, go = FastZCP("Leaving"), threading.Event()
    leaving(app, go)
    async with served(app) as service:
        client = await service.session("2025-11-25")
        early = await client.post(client.tool("leave"))
        (event,) = early.events
        assert event.data == b""
        go.set()
        async with client.open("GET", headers={"last-event-id": event.id}) as stream:
            result = await stream.message()
    assert result["result"]["content"][0]["text"] == "true"


async def test_there_is_nothing_to_let_go_of_on_other_transports() -> None:
    app, go = make_app(), threading.Event()
    leaving(app, go)
    go.set()
    async with connected(app) as client:
        result = await client.call_tool("leave")
    assert result["structuredContent"] is False


async def test_an_inline_handler_cannot_wait_for_it() -> None:
    app = make_app()

    @app.tool(blocking=False)
    def leave(ctx: Any) -> bool:
        left: bool = ctx.release_stream()
        return left

    async with connected(app) as client:
        assert "make it async" in str(await client.call_tool("leave"))
