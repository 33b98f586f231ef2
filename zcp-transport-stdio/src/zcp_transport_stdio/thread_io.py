"""Reading what cannot be polled: a thread of its own hands chunks to the event loop."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

import anyio

from .endpoints import Endpoint

Post = Callable[[Callable[[], object]], object]
"""Runs a function in the event loop soon; may be called from any thread or signal handler."""


class ThreadSource:
    """Chunks of a regular file, a terminal or another device; one task reads.

    The thread reads only when asked, so no more than one chunk waits. It is a daemon: one held in
    a read must not hold the process.
    """

    def __init__(self, endpoint: Endpoint, post: Post) -> None:
        self._endpoint = endpoint
        self._post = post
        self._chunk: bytes | None = None
        self._arrived: anyio.Event | None = None
        self._demand = threading.Semaphore(0)
        self._closed = False
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._run, name="zcp-stdin", daemon=True)
        self._thread.start()

    async def read(self) -> bytes:
        """The next bytes; empty at the end of the stream, from then on always."""
        if self._chunk is None and self._arrived is None:
            self._demand.release()
            self._arrived = anyio.Event()
        if self._arrived is not None:
            await self._arrived.wait()
            self._arrived = None
        chunk = self._chunk or b""
        if chunk:
            self._chunk = None
        return chunk

    def finish(self) -> None:
        """End the stream where it stands."""
        self._deliver(b"")

    def release(self) -> None:
        """Whoever reads gets the end of the stream; the thread closes the endpoint, since it may be
        in a read."""
        if not self._closed:
            self._closed = True
            self._deliver(b"")
            os.close(self._wake_writer)
            self._demand.release()

    def close(self) -> None:
        self.release()

    def _deliver(self, chunk: bytes) -> None:
        if self._chunk != b"":
            self._chunk = chunk
        if self._arrived is not None:
            self._arrived.set()

    def _run(self) -> None:
        try:
            while self._hand_over():
                pass
        finally:
            self._endpoint.close()
            os.close(self._wake_reader)

    def _hand_over(self) -> bool:
        self._demand.acquire()
        self._wait()
        if self._closed:
            return False
        chunk = self._read_now()
        try:
            self._post(lambda: self._deliver(chunk))
        except RuntimeError:
            # The event loop is gone (trio's RunFinishedError is a RuntimeError too).
            return False
        return bool(chunk)

    def _wait(self) -> None:
        """Until there is something to read, or the source is closed."""
        if not hasattr(select, "poll"):
            return
        poll = select.poll()
        poll.register(self._endpoint.fd, select.POLLIN)
        poll.register(self._wake_reader, select.POLLIN)
        poll.poll()

    def _read_now(self) -> bytes:
        while not self._closed:
            try:
                return self._endpoint.read()
            except BlockingIOError:
                self._wait()
            except OSError:
                break
        return b""
