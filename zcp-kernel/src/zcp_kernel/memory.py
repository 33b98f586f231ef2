"""A channel that never leaves the process: what an in-process client and its server share."""

from __future__ import annotations

from collections import deque

import anyio

DEFAULT_CAPACITY = 256
"""How many frames one direction holds before its sender waits."""


class _Lane:
    """One direction: a bounded queue with one reader and any number of writers, who are let in one
    after another: frames leave in the order in which they were brought."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._frames: deque[bytes] = deque()
        self._closed = False
        self._reader: anyio.Event | None = None
        self._writers: deque[anyio.Event] = deque()
        self._entering = False

    async def put(self, frame: bytes) -> None:
        if not self.put_now(frame):
            if not self._closed:
                await self._turn()
            if self._closed:
                raise anyio.BrokenResourceError
            self._entering = False
            self._append(frame)
            self._admit()

    def put_now(self, frame: bytes) -> bool:
        """False if there is no room, somebody waits for it already, or nobody is there to take it:
        `put` says which."""
        if self._closed or self._entering or len(self._frames) >= self._capacity:
            return False
        self._append(frame)
        return True

    def _append(self, frame: bytes) -> None:
        self._frames.append(frame)
        if self._reader is not None:
            self._reader.set()

    async def _turn(self) -> None:
        turn = anyio.Event()
        self._writers.append(turn)
        try:
            await turn.wait()
        except BaseException:
            # A turn already given must not be lost with the writer that can no longer take it.
            if turn.is_set():
                self._entering = False
                self._admit()
            else:
                self._writers.remove(turn)
            raise

    async def get(self) -> bytes:
        while not self._frames:
            if self._closed:
                raise anyio.EndOfStream
            self._reader = anyio.Event()
            try:
                await self._reader.wait()
            finally:
                self._reader = None
        frame = self._frames.popleft()
        if self._writers:
            self._admit()
        return frame

    def _admit(self) -> None:
        """Let the first in if there is room, unless one is entering."""
        if self._writers and not self._entering and len(self._frames) < self._capacity:
            self._entering = True
            self._writers.popleft().set()

    def close(self, *, discard: bool) -> None:
        self._closed = True
        if discard:
            self._frames.clear()
        if self._reader is not None:
            self._reader.set()
        while self._writers:
            self._writers.popleft().set()


class MemoryChannel:
    """One end of a `channel_pair`; implements `contracts.Channel`."""

    exit_reason: str | None = None

    def __init__(self, incoming: _Lane, outgoing: _Lane) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    async def receive(self) -> bytes:
        """The next frame. Raises `anyio.EndOfStream` when either end was closed and, if it was the
        other end, all it had sent is read."""
        return await self._incoming.get()

    async def send(self, frame: bytes) -> None:
        """Hand over one frame; waits while the other end is `capacity` frames behind. Raises
        `anyio.BrokenResourceError` when either end was closed."""
        await self._outgoing.put(frame)

    def send_now(self, frame: bytes) -> bool:
        """See `contracts.PromptChannel`."""
        return self._outgoing.put_now(frame)

    async def aclose(self) -> None:
        """Idempotent, legal from any task; wakes whoever waits on this channel."""
        self._incoming.close(discard=True)
        self._outgoing.close(discard=False)


def channel_pair(capacity: int = DEFAULT_CAPACITY) -> tuple[MemoryChannel, MemoryChannel]:
    """Two ends of a duplex in-memory channel; each direction buffers `capacity` frames.

    Raises `ValueError` for a capacity below one.
    """
    if capacity < 1:
        raise ValueError("capacity must be at least 1")
    there, back = _Lane(capacity), _Lane(capacity)
    return MemoryChannel(back, there), MemoryChannel(there, back)
