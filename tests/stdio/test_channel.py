"""Channels over every kind of endpoint, on both event loops."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint
from zcp_kernel.errors import ParseError
from zcp_transport_stdio.channel import StdioChannel
from zcp_transport_stdio.config import StdioConfig
from zcp_transport_stdio.endpoints import (
    PIPE_BYTES,
    Endpoint,
    OwnPipe,
    Plain,
    SharedPipe,
    Socket,
    adopt,
)

pytestmark = pytest.mark.anyio

Pair = Callable[[], tuple[Endpoint, Endpoint]]


def own_pipe() -> tuple[Endpoint, Endpoint]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return OwnPipe(reader), OwnPipe(writer)


def adopted_pipe() -> tuple[Endpoint, Endpoint]:
    reader, writer = os.pipe()
    return adopt(reader, os.O_RDONLY), adopt(writer, os.O_WRONLY)


def shared_pipe() -> tuple[Endpoint, Endpoint]:
    reader, writer = os.pipe()
    return SharedPipe(reader), SharedPipe(writer)


def sockets() -> tuple[Endpoint, Endpoint]:
    reader, writer = socket.socketpair()
    return Socket(reader.detach()), Socket(writer.detach())


KINDS = [own_pipe, adopted_pipe, shared_pipe, sockets]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def pair(request: pytest.FixtureRequest) -> Pair:
    return request.param  # type: ignore[no-any-return]


@asynccontextmanager
async def linked(
    pair: Pair, config: StdioConfig | None = None
) -> AsyncGenerator[tuple[StdioChannel, StdioChannel]]:
    """Two channels, each the other's peer."""
    (near_in, far_out), (far_in, near_out) = pair(), pair()
    near, far = StdioChannel(near_in, near_out, config), StdioChannel(far_in, far_out, config)
    try:
        yield near, far
    finally:
        # Concurrently: each waits for the other to read what it has queued.
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(near.aclose)
            tasks.start_soon(far.aclose)


async def collect(channel: StdioChannel, into: list[bytes]) -> None:
    while True:
        try:
            into.append(await channel.receive())
        except anyio.EndOfStream:
            return


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


@pytest.mark.parametrize("size", [0, 10, 300_000])
async def test_a_regular_file_is_read_to_its_end(size: int, tmp_path: Path) -> None:
    frames = [b"%d" % n for n in range(size // 6)]
    source, sink = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"\n".join(frames))
    channel = StdioChannel(
        adopt(os.open(source, os.O_RDONLY), os.O_RDONLY),
        adopt(os.open(sink, os.O_WRONLY | os.O_CREAT), os.O_WRONLY),
    )
    got: list[bytes] = []
    await collect(channel, got)
    for frame in got:
        await channel.send(frame)
    await channel.aclose()
    assert got == frames
    assert sink.read_bytes() == b"".join(frame + b"\n" for frame in frames)


async def test_a_terminal_that_says_nothing_can_be_left() -> None:
    master, slave = os.openpty()
    channel = StdioChannel(Plain(slave), Plain(os.dup(slave)))
    with anyio.move_on_after(0.05) as scope:
        await channel.receive()
    assert scope.cancelled_caught
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(collect, channel, []))
        await anyio.wait_all_tasks_blocked()
        await channel.aclose()
    os.close(master)


def test_kinds_are_told_apart() -> None:
    reader, writer = os.pipe()
    near, far = socket.socketpair()
    with tempfile.TemporaryFile() as file:
        fds = [reader, near.detach(), os.dup(file.fileno())]
        endpoints = [adopt(fd, os.O_RDONLY) for fd in fds]
    assert [type(each) for each in endpoints] == [OwnPipe, Socket, Plain]
    assert os.get_blocking(reader), "the inherited description was altered"
    for endpoint in endpoints:
        endpoint.close()
    os.close(writer)
    far.close()
