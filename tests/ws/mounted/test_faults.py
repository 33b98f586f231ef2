"""Lines that are cut, stall, or are half open, and upgrades that are refused: one call fails,
typed, and the next is answered without anybody doing anything.

On the native subprotocol no call fails for a lost socket (see test_resuming); MCP has no way to
resume over WebSocket, so there the call that was on its way does.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute
from attrs import define
from wires import Conversation, Proxy, RawRequest, proxy_to, raw_server
from ws_kitchen import Kitchen, listening
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.errors import ConnectionLost, DeadlineExceeded, ExchangeRefused, RateLimited
from zcp_transport_ws import websocket_client

pytestmark = pytest.mark.anyio

PATIENCE = 30.0
MCP = ["2024-11-05", "2025-11-25", "2026-07-28"]
CUTS = 100


@define(eq=False)
class Bench:
    """A client whose bytes pass through a proxy; `sums` are those the server was asked for."""

    client: ZCPClientSession
    proxy: Proxy
    kitchen: Kitchen

    async def add(self, number: int, cut: int | None = None, **options: Any) -> int:
        """A call; `cut` is how many bytes of what comes back pass before the line breaks."""
        self.proxy.cut_after = cut
        try:
            answer = await self.client.call_tool("add", {"a": number, "b": 1}, **options)
        finally:
            self.proxy.cut_after = None
        # The native plane says a value once, as what it is.
        text = answer["content"][0]["text"] if answer["content"] else answer["structuredContent"]
        return int(text)

    async def size(self) -> int:
        """How many bytes come back for a call."""
        await self.add(-1)
        before = self.proxy.passed
        await self.add(-2)
        return self.proxy.passed - before


@asynccontextmanager
async def bench(revision: str, **options: Any) -> AsyncGenerator[Bench]:
    kitchen = Kitchen()
    async with listening(kitchen) as where, proxy_to(where.port) as proxy:
        url = proxy.url("/ws").replace("http:", "ws:")
        with anyio.fail_after(PATIENCE):
            async with websocket_client(url, revision=revision, **options) as client:
                yield Bench(client, proxy, kitchen)


@pytest.mark.parametrize("revision", MCP)
async def test_an_answer_cut_at_every_byte_fails_its_call_alone(revision: str) -> None:
    async with bench(revision) as table:
        size = await table.size()
        for cut in range(size):
            with pytest.raises(ConnectionLost) as lost:
                await table.add(cut, cut)
            assert not lost.value.retryable
            assert await table.add(1000 + cut) == 1001 + cut
        assert table.proxy.cuts == size
        made = [number for number in table.kitchen.done if 0 <= number < 1000]
        assert made == list(range(size))


@pytest.mark.parametrize("revision", MCP)
async def test_what_may_be_repeated_is_sent_again(revision: str) -> None:
    async with bench(revision) as table:
        size = await table.size()
        for cut in range(0, size, 5):
            assert await table.add(cut, cut, idempotent=True) == cut + 1
            assert table.kitchen.done.count(cut) == 2


async def test_native_answers_cut_at_random_arrive_once() -> None:
    chance = random.Random("cuts of a socket")
    async with bench("zcp/1") as table:
        size = await table.size()
        for number in range(CUTS):
            assert await table.add(number, chance.randrange(size)) == number + 1
        assert table.proxy.cuts > CUTS * 0.8
        assert [number for number in table.kitchen.done if number >= 0] == list(range(CUTS))


@pytest.mark.parametrize("revision", [*MCP, "zcp/1"])
async def test_requests_cut_on_their_way(revision: str) -> None:
    async with bench(revision) as table:
        lost: list[ConnectionLost] = []
        for cut in range(0, 150, 11):
            table.proxy.cut_up_after = cut
            try:
                assert await table.add(cut) == cut + 1
            except ConnectionLost as error:
                lost.append(error)
            table.proxy.cut_up_after = None
            assert table.kitchen.done.count(cut) <= 1
            assert await table.add(1000 + cut) == 1001 + cut
        assert table.proxy.cuts > 8
        assert not lost if revision == "zcp/1" else len(lost) > 8
        assert not any(error.retryable for error in lost)


@pytest.mark.parametrize("revision", [*MCP, "zcp/1"])
async def test_a_line_that_stalls(revision: str) -> None:
    """Half open: nothing comes any more, and nobody says so. Pings find it out."""
    async with bench(revision, keepalive_seconds=0.3) as table:
        assert await table.add(1) == 2
        table.proxy.stalled = True
        with pytest.raises(DeadlineExceeded):
            await table.add(2, timeout=0.1)
        failed: list[ConnectionLost] = []

        async def doomed() -> None:
            with pytest.raises(ConnectionLost) as lost:
                await table.client.call_tool("wait_for_ever")
            failed.append(lost.value)

        if revision != "zcp/1":
            # No deadline of its own ends it: the dead line does.
            await doomed()
            assert not failed[0].retryable
        table.proxy.stalled = False
        assert await table.add(3) == 4


@pytest.mark.parametrize("number", [404, 410, 500, 502, 503])
async def test_a_refused_upgrade_has_its_status(number: int) -> None:
    async def refuse(conversation: Conversation, request: RawRequest) -> bool:
        await conversation.respond(number, b"", {"connection": "close"})
        return True

    async with raw_server(refuse) as raw:
        client = websocket_client(raw.url("/ws").replace("http:", "ws:"))
        with pytest.raises(ExchangeRefused) as refused, anyio.fail_after(PATIENCE):
            await client.initialize()
        assert refused.value.status == number
        assert refused.value.retryable == (number in (502, 503))
        await client.aclose()


async def test_an_upgrade_that_must_wait_says_how_long() -> None:
    async def refuse(conversation: Conversation, request: RawRequest) -> bool:
        await conversation.respond(429, b"", {"retry-after": "7", "connection": "close"})
        return True

    async with raw_server(refuse) as raw:
        client = websocket_client(raw.url("/ws").replace("http:", "ws:"))
        with pytest.raises(RateLimited) as limited, anyio.fail_after(PATIENCE):
            await client.initialize()
        assert limited.value.retry_after == 7
        await client.aclose()


async def test_a_server_that_takes_the_connection_and_says_nothing() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:

        async def silent(stream: Any) -> None:
            async with stream:
                await anyio.sleep_forever()

        tasks.start_soon(listener.serve, silent)
        port = listener.extra(SocketAttribute.local_port)
        client = websocket_client(f"ws://127.0.0.1:{port}/ws", open_seconds=0.2)
        with (
            pytest.raises(ConnectionLost, match=r"in time|did not answer"),
            anyio.fail_after(PATIENCE),
        ):
            await client.initialize()
        await client.aclose()
        tasks.cancel_scope.cancel()
