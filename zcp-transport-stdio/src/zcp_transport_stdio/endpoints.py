"""One end of a stream: reads and writes that never block and never alter a shared descriptor.

O_NONBLOCK belongs to the file description, which `dup` and inheritance share: setting it on
standard input would leave the launching terminal or a sibling process non-blocking too, for good
if this process is killed. So it is set only on descriptions of our own; sockets take a flag per
call instead, and where nothing of our own can be had, readiness is asked for before every call.
"""

from __future__ import annotations

import os
import select
import socket
import stat
from collections.abc import Sequence
from typing import Protocol

from .outbox import Buffer

READ_BYTES = 64 * 1024
"""Read at once; a Linux pipe holds this much by default."""

PIPE_BYTES = 1024 * 1024
"""The most a pipe is made to hold (Linux: fs.pipe-max-size)."""


class Endpoint(Protocol):
    """A descriptor `fd` to wait on, and I/O that raises `BlockingIOError` instead of waiting.

    `pollable` is False where the system cannot report readiness (regular files); reading may then
    block, and belongs in a thread.
    """

    fd: int
    pollable: bool

    def read(self) -> bytes:
        """Some bytes; empty at the end of the stream."""
        ...

    def write(self, buffers: Sequence[Buffer]) -> int:
        """How many bytes were taken."""
        ...

    def close(self) -> None: ...


class OwnPipe:
    """A pipe whose file description is ours and non-blocking.

    `watch` is another descriptor of the same pipe to wait on, if not the same.
    """

    pollable = True

    def __init__(self, fd: int, *, watch: int | None = None) -> None:
        self._io = fd
        self.fd = fd if watch is None else watch

    def read(self) -> bytes:
        return os.read(self._io, READ_BYTES)

    def write(self, buffers: Sequence[Buffer]) -> int:
        if len(buffers) == 1:
            return os.write(self._io, buffers[0])
        return os.writev(self._io, buffers)

    def close(self) -> None:
        os.close(self._io)
        if self.fd != self._io:
            os.close(self.fd)


class SharedPipe:
    """A pipe whose blocking file description others share: every call asks for readiness first.

    A pipe reported writable takes PIPE_BUF bytes without blocking (POSIX, "write").
    """

    pollable = True

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def read(self) -> bytes:
        self._require(select.POLLIN)
        return os.read(self.fd, READ_BYTES)

    def write(self, buffers: Sequence[Buffer]) -> int:
        self._require(select.POLLOUT)
        return os.write(self.fd, b"".join(buffers)[: select.PIPE_BUF])

    def close(self) -> None:
        os.close(self.fd)

    def _require(self, event: int) -> None:
        poll = select.poll()
        poll.register(self.fd, event)
        if not poll.poll(0):
            raise BlockingIOError


class Socket:
    """A stream socket, as some hosts give their servers (Node.js does)."""

    pollable = True

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._socket = socket.socket(fileno=fd)

    def read(self) -> bytes:
        return self._socket.recv(READ_BYTES, socket.MSG_DONTWAIT)

    def write(self, buffers: Sequence[Buffer]) -> int:
        return self._socket.sendmsg(buffers, [], socket.MSG_DONTWAIT)

    def close(self) -> None:
        self._socket.close()


class Plain:
    """A regular file, a terminal or another device. Writing to one goes through at once, or holds
    the process up as it would any other (a paused terminal does)."""

    pollable = False

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def read(self) -> bytes:
        return os.read(self.fd, READ_BYTES)

    def write(self, buffers: Sequence[Buffer]) -> int:
        data = memoryview(b"".join(buffers))
        written = 0
        while written < len(data):
            try:
                written += os.write(self.fd, data[written:])
            except BlockingIOError:
                # Somebody else made the terminal non-blocking.
                select.select([], [self.fd], [])
        return written

    def close(self) -> None:
        os.close(self.fd)


def adopt(fd: int, mode: int) -> Endpoint:
    """The endpoint for an inherited descriptor, which it then owns; `mode` is os.O_RDONLY or
    os.O_WRONLY."""
    kind = os.fstat(fd).st_mode
    if stat.S_ISSOCK(kind):
        return Socket(fd)
    if not stat.S_ISFIFO(kind):
        return Plain(fd)
    try:
        # Linux: opening a pipe through /proc makes a new file description of the same pipe.
        own = os.open(f"/proc/self/fd/{fd}", mode | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return SharedPipe(fd)
    # A read end opened when the last writer had gone never reports the hang-up (fifo(7) waits for
    # a first writer); the inherited one does.
    return OwnPipe(own, watch=fd)
