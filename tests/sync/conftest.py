"""A server in this process with something for a synchronous client to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.blocking import BlockingSession
from zcp_kernel.context import Context
from zcp_transport_stdio import stdio_client

Open = Callable[..., BlockingSession]

PATIENCE = 20.0


class Waiter:
    """A tool's way to tell the test where it is."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.ended = threading.Event()


@pytest.fixture
def waiter() -> Waiter:
    return Waiter()


@pytest.fixture
def app(waiter: Waiter) -> FastZCP:
    app = FastZCP("Sync")

    @app.tool
    def add(a: int, b: int) -> int:
        return a + b

    @app.tool
    async def steps(count: int, ctx: Context) -> int:
        for number in range(count):
            await ctx.report_progress(number + 1, count)
        return count

    @app.tool
    async def who(ctx: Context) -> Any:
        schema = {"type": "object", "properties": {"name": {"type": "string"}}}
        return (await ctx.elicit("Who are you?", schema)).content

    @app.tool
    async def wait() -> None:
        import anyio

        waiter.started.set()
        try:
            await anyio.sleep_forever()
        finally:
            waiter.ended.set()

    @app.tool
    def broken() -> None:
        raise RuntimeError("no")

    return app


@pytest.fixture(params=["asyncio", "trio"])
def connect(request: pytest.FixtureRequest, app: FastZCP) -> Iterator[Open]:
    """Opens sessions with the app; they are closed with the test."""
    opened: list[BlockingSession] = []

    def connect(**options: Any) -> BlockingSession:
        options = {"backend": request.param, **options}
        opened.append(BlockingSession(partial(stdio_client, app), **options))
        return opened[-1]

    yield connect
    for session in opened:
        session.close()
