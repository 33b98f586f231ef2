"""Pairs of endpoints of every kind, and channels that are each other's peers."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
from zcp_transport_stdio.channel import StdioChannel
from zcp_transport_stdio.config import StdioConfig
from zcp_transport_stdio.endpoints import Endpoint, OwnPipe, SharedPipe, Socket, adopt

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
