"""Everything at once, at random: calls, cancels, deadlines, closes from other tasks, cut lines, and
servers that go and come back. Nothing hangs, and whatever is raised is one typed error."""

from __future__ import annotations

import logging
import random
from typing import Any

import anyio
import pytest
from wires import Proxy, listening, proxy_to
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.context import Context
from zcp_kernel.errors import ConnectionLost, DeadlineExceeded, RateLimited, RequestCancelled
from zcp_transport_http import sse_client, streamable_http_client
from zcp_transport_stdio.client import stdio_client
from zcp_transport_stdio.inprocess import stdio_server

from tests.http.network.counting import said

pytestmark = pytest.mark.anyio

EXPECTED = (ConnectionLost, DeadlineExceeded, RequestCancelled, RateLimited)
STEPS = 25
CALLERS = 3
LONGEST_CALL = 20.0
"""Seconds; none is expected to take them, whatever the machine has to do."""

WAYS = ["2025-11-25", "2026-07-28", "zcp/1", "sse", "memory"]


def restless() -> FastZCP:
    app = FastZCP("Restless")

    @app.tool
    async def quick(number: int) -> int:
        return number

    @app.tool
    async def slow(number: int, ctx: Context) -> int:
        for step in range(5):
            await ctx.report_progress(step)
            await anyio.sleep(0.004)
        return number

    return app


class Crowd:
    """Some callers of one session, and what disturbs them."""

    def __init__(self, client: ZCPClientSession, proxy: Proxy, chance: random.Random) -> None:
        self.client = client
        self.proxy = proxy
        self.chance = chance
        self.answered = 0
        self.failed: list[Exception] = []

    async def call(self, number: int) -> None:
        """Every call has its own answer, a typed error, or is given up."""
        tool = self.chance.choice(("quick", "slow"))
        timeout = self.chance.choice((1.0, 1.0, 0.005))
        patience = self.chance.choice((LONGEST_CALL, LONGEST_CALL, 0.01))
        with anyio.move_on_after(patience) as scope:
            try:
                answer = await self.client.call_tool(tool, {"number": number}, timeout=timeout)
            except EXPECTED as error:
                self.failed.append(error)
                # It may be closed: whoever closed it opens it again.
                await anyio.sleep(0.03)
            else:
                assert said(answer) == str(number)
                self.answered += 1
        assert patience < LONGEST_CALL or not scope.cancelled_caught, "a call hangs"

    async def caller(self, first: int) -> None:
        for number in range(first, first + STEPS):
            await self.call(number)

    async def disturb(self) -> None:
        for _ in range(STEPS):
            await anyio.sleep(self.chance.random() * 0.02)
            match self.chance.randrange(5):
                case 0:
                    self.proxy.cut_after = self.chance.randrange(400)
                case 1:
                    self.proxy.cut_up_after = self.chance.randrange(400)
                case 2:
                    for request in self.client.in_flight:
                        self.client.cancel(request)
                case 3:
                    await self.client.aclose()
                    await self.reopen()
                case _:
                    self.proxy.cut_after = self.proxy.cut_up_after = None

    async def reopen(self) -> None:
        for _ in range(50):
            try:
                await self.client.initialize()
            except (*EXPECTED, OSError):
                await anyio.sleep(0.03)
            else:
                return
        raise AssertionError("it could not be opened again")

    async def run(self) -> None:
        await self.reopen()
        async with anyio.create_task_group() as tasks:
            for index in range(CALLERS):
                tasks.start_soon(self.caller, 1000 * index)
            tasks.start_soon(self.disturb)
        self.proxy.cut_after = self.proxy.cut_up_after = None
        await self.reopen()
        answer = await self.client.call_tool("quick", {"number": 7})
        assert said(answer) == "7"


def session(way: str, proxy: Proxy, app: FastZCP) -> ZCPClientSession:
    if way == "memory":
        return stdio_client(stdio_server(app))
    if way == "sse":
        return sse_client(proxy.url("/sse"))
    path = "/zcp" if way == "zcp/1" else "/mcp"
    return streamable_http_client(proxy.url(path), revision=way)


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_hangs(way: str, caplog: pytest.LogCaptureFixture) -> None:
    app = restless()
    chance = random.Random(f"soak {way}")
    with caplog.at_level(logging.WARNING), anyio.fail_after(55):
        async with listening(app) as site, proxy_to(site.port) as proxy:
            crowds = [Crowd(session(way, proxy, app), proxy, chance) for _ in range(3)]
            async with anyio.create_task_group() as tasks:
                for crowd in crowds:
                    tasks.start_soon(crowd.run)
            for crowd in crowds:
                await crowd.client.aclose()
    assert sum(crowd.answered for crowd in crowds)
    assert sum(len(crowd.failed) for crowd in crowds)
    told: list[Any] = [record.getMessage() for record in caplog.records]
    assert not [each for each in told if "cancel scope" in each or "ExceptionGroup" in each]
