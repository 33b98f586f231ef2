"""Writing lines to an endpoint, with back-pressure; how to wait for it is the backend's part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import anyio

from .endpoints import Endpoint
from .outbox import Buffer, Outbox


class Sink(ABC):
    """Lines go out directly while the endpoint takes them, and queue behind it when it does not."""

    def __init__(self, endpoint: Endpoint, high_water: int) -> None:
        self._endpoint = endpoint
        self._high_water = high_water
        self._outbox = Outbox()
        self._watching = False
        self._broken = False
        self._room: anyio.Event | None = None
        self._low_water = high_water // 2

    @property
    def crowded(self) -> bool:
        """Whether senders have to wait."""
        return self._outbox.size > self._high_water

    def put(self, line: bytes) -> None:
        """Write or queue one line. Raises `anyio.BrokenResourceError` when the reader is gone."""
        if self._broken:
            raise anyio.BrokenResourceError
        if self._watching:
            self._outbox.append(line)
            return
        taken = self._take((line,))
        if self._broken:
            raise anyio.BrokenResourceError
        if taken < len(line):
            self._outbox.append(memoryview(line)[taken:])
            self._settle()

    async def room(self) -> None:
        """Wait until half of the queue is gone. Raises as `put` does."""
        await self._until(self._high_water // 2)

    async def flushed(self) -> None:
        """Wait until everything is written, or cannot be any more."""
        try:
            await self._until(0)
        except anyio.BrokenResourceError:
            return

    def close(self) -> None:
        """Drop what is queued and close the endpoint."""
        self._break()
        self._endpoint.close()

    async def _until(self, size: int) -> None:
        while self._outbox.size > size and not self._broken:
            self._low_water = min(self._low_water, size)
            if self._room is None:
                self._room = anyio.Event()
            await self._room.wait()
        if self._broken:
            raise anyio.BrokenResourceError

    def _on_writable(self) -> None:
        self._outbox.write_some(self._take)
        self._settle()

    def _take(self, buffers: Sequence[Buffer]) -> int:
        try:
            return self._endpoint.write(buffers)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self._break()
            return 0

    def _break(self) -> None:
        self._broken = True
        self._outbox.clear()
        self._settle()

    def _settle(self) -> None:
        """Watch for room while there is a backlog, and wake who waits once it is small."""
        backlog = self._outbox.size
        if bool(backlog) != self._watching:
            self._watching = bool(backlog)
            if backlog:
                self._watch()
            else:
                self._unwatch()
        if self._room is not None and backlog <= self._low_water:
            self._low_water = self._high_water // 2
            self._room.set()
            self._room = None

    @abstractmethod
    def _watch(self) -> None:
        """Call `_on_writable` whenever the endpoint takes more, until `_unwatch`."""

    @abstractmethod
    def _unwatch(self) -> None: ...
