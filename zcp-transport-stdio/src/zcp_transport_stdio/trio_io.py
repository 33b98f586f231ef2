"""Reading and writing an endpoint on trio."""

from __future__ import annotations

import trio

from .endpoints import PIPE_BYTES, Endpoint
from .sink import Sink


class TrioSource:
    """Chunks of a pollable endpoint; one task reads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._drain: int | None = None
        self._ended = False

    async def read(self) -> bytes:
        """The next bytes; empty at the end of the stream, from then on always."""
        while not self._ended:
            if self._drain is None:
                await self._readable()
            if chunk := self._read_now():
                return chunk
        return b""

    def finish(self) -> None:
        """Deliver what is already in the pipe, then its end, even if somebody holds it open."""
        self._drain = PIPE_BYTES
        if not self._ended:
            trio.lowlevel.notify_closing(self._endpoint.fd)

    def release(self) -> None:
        """Whoever reads gets the end of the stream; the endpoint stays open."""
        self._ended = True
        trio.lowlevel.notify_closing(self._endpoint.fd)

    def close(self) -> None:
        """`release`, and close the endpoint."""
        self.release()
        self._endpoint.close()

    async def _readable(self) -> None:
        try:
            await trio.lowlevel.wait_readable(self._endpoint.fd)
        except trio.ClosedResourceError:
            # finish() and release() wake the reader this way; their flags say which it was.
            return

    def _read_now(self) -> bytes:
        if self._ended:
            return b""
        try:
            chunk = self._endpoint.read()
        except (BlockingIOError, InterruptedError):
            self._ended = self._drain is not None
            return b""
        except OSError:
            chunk = b""
        if self._drain is not None:
            # A pipe's worth at most: whoever still writes must not keep the stream from ending.
            chunk = chunk[: self._drain]
            self._drain -= len(chunk)
        self._ended = not chunk
        return chunk


class TrioSink(Sink):
    """Writes directly; a backlog is written by a task that lives as long as the backlog."""

    def _watch(self) -> None:
        # A system task: a backlog must go out whatever becomes of the task that caused it.
        trio.lowlevel.spawn_system_task(self._write_backlog)

    def _unwatch(self) -> None:
        if self._broken:
            trio.lowlevel.notify_closing(self._endpoint.fd)

    async def _write_backlog(self) -> None:
        try:
            while self._watching:
                await trio.lowlevel.wait_writable(self._endpoint.fd)
                self._on_writable()
        except trio.ClosedResourceError:
            return
