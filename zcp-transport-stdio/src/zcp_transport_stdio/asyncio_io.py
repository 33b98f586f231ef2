"""Reading and writing an endpoint on asyncio: registered once, not once per wait."""

from __future__ import annotations

import asyncio

from .endpoints import PIPE_BYTES, Endpoint
from .sink import Sink


class AsyncioSource:
    """Chunks of a pollable endpoint; one task reads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._loop = asyncio.get_running_loop()
        self._chunk: bytes | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._watching = False
        self._drain: int | None = None

    async def read(self) -> bytes:
        """The next bytes; empty at the end of the stream, from then on always."""
        while self._chunk is None:
            if self._drain is not None:
                self._read_now()
                continue
            self._watch()
            # The chunk is not handed over in the future: one that is cancelled as it completes
            # would lose it.
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        chunk = self._chunk
        if chunk:
            self._chunk = None
        return chunk

    def finish(self) -> None:
        """Deliver what is already in the pipe, then its end, even if somebody holds it open."""
        self._drain = PIPE_BYTES
        self._wake()

    def release(self) -> None:
        """Whoever reads gets the end of the stream; the endpoint stays open."""
        self._chunk = b""
        self._unwatch()
        self._wake()

    def close(self) -> None:
        """`release`, and close the endpoint."""
        self.release()
        self._endpoint.close()

    def _on_readable(self) -> None:
        if self._chunk is not None:
            self._unwatch()
            return
        self._read_now()
        self._wake()

    def _read_now(self) -> None:
        try:
            self._chunk = self._endpoint.read()
        except (BlockingIOError, InterruptedError):
            if self._drain is not None:
                self._chunk = b""
        except OSError:
            self._chunk = b""
        if self._drain is not None and self._chunk:
            # A pipe's worth at most: whoever still writes must not keep the stream from ending.
            self._chunk = self._chunk[: self._drain]
            self._drain -= len(self._chunk)
        if self._chunk == b"":
            self._unwatch()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            self._loop.add_reader(self._endpoint.fd, self._on_readable)

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            self._loop.remove_reader(self._endpoint.fd)


class AsyncioSink(Sink):
    """Writes directly; a backlog is written as the endpoint takes it."""

    def __init__(self, endpoint: Endpoint, high_water: int) -> None:
        super().__init__(endpoint, high_water)
        self._loop = asyncio.get_running_loop()

    def _watch(self) -> None:
        self._loop.add_writer(self._endpoint.fd, self._on_writable)

    def _unwatch(self) -> None:
        self._loop.remove_writer(self._endpoint.fd)
