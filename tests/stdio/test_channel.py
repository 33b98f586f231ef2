"""Channels over every kind of endpoint, on both event loops."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint
from zcp_kernel.errors import ParseError
from zcp_transport_stdio.config import StdioConfig
from zcp_transport_stdio.endpoints import PIPE_BYTES

from .links import Pair, collect, linked

pytestmark = pytest.mark.anyio


async def test_frames_arrive_in_order_and_then_the_end(pair: Pair) -> None:
    async with linked(pair) as (near, far):
        frames = [b'{"n":%d}' % n for n in range(1000)]
        got: list[bytes] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect, far, got)
            for frame in frames:
                await near.send(frame)
            await near.aclose()
        assert got == frames
        with pytest.raises(anyio.EndOfStream):
            await far.receive()


async def test_a_frame_far_larger_than_the_pipe(pair: Pair) -> None:
    async with linked(pair) as (near, far):
        frame = b'"' + bytes(range(97, 123)) * 40_000 + b'"'
        got: list[bytes] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect, far, got)
            await near.send(frame)
            await near.send(b"{}")
            await near.aclose()
        assert got == [frame, b"{}"]


async def test_many_senders_never_mix_their_frames(pair: Pair) -> None:
    async with linked(pair, StdioConfig(max_queued_bytes=50_000)) as (near, far):
        frames = [b'"%d %s"' % (n, b"x" * n * 97) for n in range(200)]
        got: list[bytes] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect, far, got)
            async with anyio.create_task_group() as senders:
                for frame in frames:
                    senders.start_soon(near.send, frame)
            await near.aclose()
        assert sorted(got) == sorted(frames)


async def test_a_sender_waits_for_a_slow_reader_with_bounded_memory(pair: Pair) -> None:
    limit, frame = 100_000, b"x" * 10_000
    async with linked(pair, StdioConfig(max_queued_bytes=limit)) as (near, far):
        sent = 0

        async def flood() -> None:
            nonlocal sent
            for _ in range(500):
                await near.send(frame)
                sent += 1
            await near.aclose()

        got: list[bytes] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(flood)
            await anyio.wait_all_tasks_blocked()
            # What is sent fills the pipe (or socket) and the queue, no more.
            assert sent * len(frame) < limit + PIPE_BYTES
            stopped_at = sent
            await anyio.wait_all_tasks_blocked()
            assert sent == stopped_at < 500
            tasks.start_soon(collect, far, got)
        assert got == [frame] * 500


async def test_just_under_and_just_over_the_limit(pair: Pair) -> None:
    async with linked(pair, StdioConfig(max_line_bytes=100_000)) as (near, far):
        fits, over = b"a" * 100_000, b"b" * 100_001
        async with anyio.create_task_group() as tasks:
            for frame in (fits, over, b"{}"):
                tasks.start_soon(near.send, frame)
                if frame is over:
                    with pytest.raises(ParseError, match="100000 bytes"):
                        await far.receive()
                else:
                    assert await far.receive() == frame


async def test_a_cancelled_receive_loses_nothing(pair: Pair) -> None:
    async with linked(pair) as (near, far):
        got: list[bytes] = []

        async def receive_one(scope: anyio.CancelScope) -> None:
            with scope:
                got.append(await far.receive())

        for n in range(50):
            scope = anyio.CancelScope()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(receive_one, scope)
                await anyio.wait_all_tasks_blocked()
                await near.send(b"%d" % n)
                for _ in range(n % 4):
                    await checkpoint()
                scope.cancel()
        await near.aclose()
        await collect(far, got)
        assert got == [b"%d" % n for n in range(50)]


async def test_a_cancelled_send_leaves_no_half_frame(pair: Pair) -> None:
    async with linked(pair, StdioConfig(max_queued_bytes=1000)) as (near, far):
        large, got = b"x" * 1_000_000, list[bytes]()
        with anyio.move_on_after(0.01) as scope:
            await near.send(large)
        assert scope.cancelled_caught
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(collect, far, got)
            await near.send(b"{}")
            await near.aclose()
        assert got == [large, b"{}"]


async def test_a_sender_without_obstacles_lets_others_run(pair: Pair) -> None:
    async with linked(pair) as (near, _):
        ran = 0

        async def other() -> None:
            nonlocal ran
            while ran < 3:
                ran += 1
                await checkpoint()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(other)
            for _ in range(300):
                await near.send(b"{}")
            assert ran > 0
