"""One session of a client that comes back with its id."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import anyio
from zcp_kernel.contracts import EventLog

from ..events.stream import SessionStream

if TYPE_CHECKING:
    from zcp_kernel.security import Principal
    from zcp_kernel.session import ZCPServerSession

    from ..events.response import EventResponse

__all__ = ["MAX_PUSH_STREAMS", "HTTPSession", "StreamingSession"]

MAX_PUSH_STREAMS = 16
"""How many GET streams a session may have open; the one opened first makes room."""


MAX_KEYS = 256
"""How many calls of a session are known by the key they came with, besides those that run."""

STREAMS_PER_GENERATION = 1_000_000_000

_NONE: dict[int, SessionStream] = {}
_NO_KEYS: dict[str, int] = {}
"""Shared by all sessions that have none; never written to."""


class HTTPSession(ABC):
    """What the table of sessions keeps: the kernel's session, and the channel it speaks on.

    `touched` is when it was last used, by the table's clock.
    """

    __slots__ = ("closed", "dialect", "plane", "session", "touched")

    session: ZCPServerSession

    def __init__(self, plane: str, dialect: str) -> None:
        """`plane` is where its id is good, `dialect` what is spoken on it."""
        self.plane = plane
        self.dialect = dialect
        self.touched = 0.0
        self.closed = False

    @property
    def id(self) -> str:
        """What the client presents: minted by the server, 128 random bits."""
        return self.session.id

    @property
    @abstractmethod
    def streams_open(self) -> int:
        """How many streams to the client are open."""

    @property
    def connected(self) -> bool:
        """Whether any is."""
        return self.streams_open > 0

    @property
    def busy(self) -> bool:
        """Whether anything is at work for this client, or a stream to it open."""
        return bool(self.session.inflight) or self.connected

    @property
    def silent(self) -> bool:
        """Whether there never was a stream to keep events of."""
        return True

    def admits(self, principal: Principal) -> bool:
        """Whether this is the principal the session belongs to. One that came back with another
        token, or more scopes (a step-up), has them from now on; one with fewer is somebody else."""
        own = self.session.principal
        if own is principal:
            return True
        if (own.kind, own.subject) != (principal.kind, principal.subject):
            return False
        if own.scopes != principal.scopes and (
            own.scopes is None or principal.lacks(tuple(own.scopes))
        ):
            return False
        self.session.principal = principal
        return True

    async def receive(self) -> bytes:
        """Frames come by POST, never through here: raises `anyio.EndOfStream`."""
        raise anyio.EndOfStream

    @abstractmethod
    async def send(self, frame: bytes) -> None:
        """A frame the server sends by itself."""

    async def aclose(self) -> None:
        """`close`."""
        self.close("the server ended the session")

    def close(self, reason: str) -> None:
        """End what runs for the client and every stream to it. Idempotent."""
        if not self.closed:
            self.closed = True
            self.session.close(reason)
            self._drop_streams()

    @abstractmethod
    async def end_listening(self) -> None:
        """End streams that no call in flight needs, with a last sign that this was meant."""

    @abstractmethod
    def _drop_streams(self) -> None: ...


class StreamingSession(HTTPSession):
    """A session with numbered streams, which can be resumed.

    What the server sends by itself goes to one open GET stream, the newest; with none open it is
    logged for the next.
    """

    __slots__ = ("_keys", "_last", "_live", "_log", "_pushes", "generation")

    def __init__(self, plane: str, log: EventLog, generation: int = 0) -> None:
        """`generation` counts the processes that had it before: each numbers its own streams."""
        super().__init__(plane, plane)
        self.generation = generation
        self._log = log
        self._last = generation * STREAMS_PER_GENERATION
        self._live: dict[int, SessionStream] = _NONE
        self._keys: dict[str, int] = _NO_KEYS
        self._pushes: tuple[SessionStream, ...] = ()

    @property
    def streams_open(self) -> int:
        return sum(stream.attached for stream in self._live.values())

    @property
    def silent(self) -> bool:
        return self._last == 0 and self.generation == 0

    def new_stream(self) -> SessionStream:
        """The next stream, for a POST's answer; it is live until `retire`."""
        self._last += 1
        stream = SessionStream(self._log, self.id, self._last)
        if self._live is _NONE:
            self._live = {}
        self._live[stream.number] = stream
        return stream

    def keyed_stream(self, key: str) -> SessionStream:
        """The next stream, for the answer of a POST that came with this key."""
        stream = self.new_stream()
        if self._keys is _NO_KEYS:
            self._keys = {}
        self._keys[key] = stream.number
        if len(self._keys) > MAX_KEYS:
            oldest = next((k for k, n in self._keys.items() if n not in self._live), None)
            if oldest is not None:
                del self._keys[oldest]
        return stream

    def number_of(self, key: str) -> int | None:
        """The number of the stream of the call that came with this key; None for a new one."""
        return self._keys.get(key)

    def inherit(self, keys: dict[str, int]) -> None:
        """The calls another process began for this session: their keys, and their streams."""
        if keys:
            self._keys = dict(keys)

    def retire(self, stream: SessionStream) -> None:
        """This stream has ended: from now on it is in the log alone."""
        self._live.pop(stream.number, None)

    def find_stream(self, number: int) -> SessionStream | None:
        """The stream of this number; None if there never was one."""
        if number in self._live or not 0 < number <= self._last:
            return self._live.get(number)
        return SessionStream(self._log, self.id, number, ended=True)

    def listening(self, response: EventResponse) -> SessionStream:
        """The stream for a new GET: the one messages wait in, or one of its own."""
        if not self._pushes or self._pushes[-1].attached:
            self._add_push_stream()
        stream = self._pushes[-1]
        stream.response = response
        return stream

    async def send(self, frame: bytes) -> None:
        if self.closed:
            raise anyio.BrokenResourceError
        for stream in reversed(self._pushes):
            if stream.attached:
                return await stream.send(frame)
        if not self._pushes:
            self._add_push_stream()
        return await self._pushes[-1].send(frame)

    def _add_push_stream(self) -> None:
        if len(self._pushes) == MAX_PUSH_STREAMS:
            oldest, *_ = self._pushes
            self._pushes = self._pushes[1:]
            self.retire(oldest)
            if oldest.response is not None:
                oldest.response.stop()
        self._pushes = (*self._pushes, self.new_stream())

    async def end_listening(self) -> None:
        revision = self.session.revision
        prime = revision is not None and revision.primes_streams
        for stream in self._pushes:
            await stream.leave(prime=prime)

    def _drop_streams(self) -> None:
        live, self._live, self._pushes = self._live, _NONE, ()
        for stream in live.values():
            stream.ended = True
            if stream.response is not None:
                stream.response.stop()
