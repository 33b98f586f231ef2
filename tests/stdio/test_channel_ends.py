"""How channels end: the peer goes, this end closes, or the input is ended."""

from __future__ import annotations

import anyio
import pytest
from zcp_transport_stdio.channel import StdioChannel
from zcp_transport_stdio.config import StdioConfig

from .links import Pair, collect, linked

pytestmark = pytest.mark.anyio


async def test_a_peer_that_is_gone_breaks_the_channel(pair: Pair) -> None:
    async with linked(pair) as (near, far):
        await far.aclose()
        with pytest.raises(anyio.EndOfStream):
            await near.receive()
        with pytest.raises(anyio.BrokenResourceError):
            await near.send(b"{}")


async def test_a_waiting_sender_learns_that_its_reader_is_gone(pair: Pair) -> None:
    async with linked(pair, StdioConfig(max_queued_bytes=1)) as (near, far):
        failures = 0

        async def send() -> None:
            nonlocal failures
            try:
                await near.send(b"x" * 1_000_000)
            except anyio.BrokenResourceError:
                failures += 1

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(send)
            await anyio.wait_all_tasks_blocked()
            await far.aclose()
        assert failures == 3


async def test_closing_wakes_whoever_receives_and_refuses_to_send(pair: Pair) -> None:
    async with linked(pair) as (near, _):
        got: list[bytes] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect, near, got)
            await anyio.wait_all_tasks_blocked()
            await near.aclose()
            await near.aclose()
        assert got == []
        with pytest.raises(anyio.BrokenResourceError):
            await near.send(b"{}")


async def test_closing_gives_up_on_a_reader_that_does_not_read(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcp_transport_stdio.channel.FLUSH_SECONDS", 0.05)
    async with linked(pair, StdioConfig(max_queued_bytes=10_000_000)) as (near, far):
        await near.send(b"x" * 5_000_000)
        await near.aclose()
        got: list[bytes] = []
        await collect(far, got)
        assert sum(map(len, got)) < 5_000_000


async def test_ending_the_input_delivers_what_has_come_in(pair: Pair) -> None:
    ended = 0

    def count() -> None:
        nonlocal ended
        ended += 1

    (source, peer_out), (_unread, sink) = pair(), pair()
    channel = StdioChannel(source, sink, on_end=count)
    got: list[bytes] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect, channel, got)
        await anyio.wait_all_tasks_blocked()
        peer_out.write([b"1\n2\n3"])
        channel.end_input()
    assert got == [b"1", b"2", b"3"]
    assert ended == 1
    await channel.aclose()
    peer_out.close()
    _unread.close()


async def test_ending_the_input_ends_it_against_a_flood(pair: Pair) -> None:
    async with linked(pair) as (near, far):
        got: list[bytes] = []

        async def flood() -> None:
            try:
                while True:
                    await near.send(b"x" * 1000)
            except anyio.BrokenResourceError:
                return

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(flood)
            await anyio.wait_all_tasks_blocked()
            far.end_input()
            await collect(far, got)
            await far.aclose()
        assert 0 < len(got) <= 1100
