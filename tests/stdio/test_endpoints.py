"""Streams that cannot be polled, and telling the kinds apart."""

from __future__ import annotations

import os
import socket
import tempfile
from functools import partial
from pathlib import Path

import anyio
import pytest
from zcp_transport_stdio.channel import StdioChannel
from zcp_transport_stdio.endpoints import OwnPipe, Plain, Socket, adopt

from .links import collect


@pytest.mark.anyio
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


@pytest.mark.anyio
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
