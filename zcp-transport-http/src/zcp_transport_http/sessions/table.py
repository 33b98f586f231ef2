"""The sessions of one application."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
from attrs import define
from zcp_kernel.contracts import EventLog, StoredSession

from ..events.memory import MemoryEventLog
from .session import HTTPSession, StreamingSession

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel
    from zcp_kernel.security import Principal

    from ..cluster.cluster import Cluster
    from ..config import StreamableHTTPConfig

__all__ = ["HTTPSessions", "SessionsFull", "Stats"]

MIN_IDLE_SECONDS = 60.0
"""Only a session unused for this long makes room for a new one."""

SWEEPS_PER_TTL = 10

GRAINS_PER_TTL = 100
"""How finely it is noted when a session was last used."""

S = TypeVar("S", bound=HTTPSession)


class SessionsFull(Exception):
    """No room for another session; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many sessions; try again in {retry_after} s")
        self.retry_after = retry_after


@define
class Stats:
    """Sessions since the start: `opened`, and of those `closed` by their client or the server,
    `expired` unused, `evicted` for others; `refused` when there was no room for one."""

    opened: int = 0
    closed: int = 0
    expired: int = 0
    evicted: int = 0
    refused: int = 0


class HTTPSessions:
    """Opens, finds and ends sessions; shared by the endpoints of one application.

    Ids are minted here, 128 random bits, and good only on their plane and for their principal. A
    session nobody used for `session_ttl_seconds` ends, unless a call or a stream of it is open.
    When `max_sessions` are open, the longest unused one makes room if that was a minute ago or
    more; otherwise there is no room. `clock` gives seconds.
    """

    def __init__(
        self,
        kernel: Kernel,
        settings: StreamableHTTPConfig,
        *,
        log: EventLog | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kernel = kernel
        self._ttl = settings.session_ttl_seconds
        self._grain = min(settings.session_ttl_seconds / GRAINS_PER_TTL, 1.0)
        self._limit = settings.max_sessions
        self._clock = clock
        self.log: EventLog = log or MemoryEventLog(
            max_events=settings.replay_events,
            max_bytes=settings.replay_bytes,
            max_bytes_total=settings.max_session_bytes,
        )
        # In the order of their last use.
        self._sessions: dict[str, HTTPSession] = {}
        self._sweeping = False
        self._stats = Stats()
        self.cluster: Cluster | None = None
        """The other processes of this server, where there are any."""
        self.ended: Callable[[str], None] | None = None
        """Told of every session that ends here and is not to go on elsewhere."""

    def __len__(self) -> int:
        return len(self._sessions)

    def stats(self) -> dict[str, int]:
        """Counts for operators: see `Stats`; `open`, `streams` and `replay_bytes` are as of now."""
        held = getattr(self.log, "bytes_held", 0)
        return {
            "open": len(self._sessions),
            "streams": sum(session.streams_open for session in self._sessions.values()),
            "replay_bytes": held,
            "opened": self._stats.opened,
            "closed": self._stats.closed,
            "expired": self._stats.expired,
            "evicted": self._stats.evicted,
            "refused": self._stats.refused,
        }

    def open_streaming(self, plane: str, principal: Principal) -> StreamingSession:
        """A session with resumable streams, listed once it is `add`ed. Raises `SessionsFull`."""
        return self.adopt(StreamingSession(plane, self.log), principal)

    def adopt(self, session: S, principal: Principal) -> S:
        """Give a new session its kernel session, if there is room. Raises `SessionsFull`."""
        self._make_room()
        session.session = self._kernel.open_session(session, principal, (session.dialect,))
        return session

    @property
    def ttl(self) -> float:
        """Seconds an unused session is kept."""
        return self._ttl

    def used_within(self, seconds: float) -> list[str]:
        """Ids of the sessions used in the last so many seconds, or at work now."""
        since = self._clock() - seconds
        return [each.id for each in self._sessions.values() if each.touched >= since or each.busy]

    def go_on(self, stored: StoredSession, principal: Principal) -> StreamingSession:
        """A session that another process had. Raises `SessionsFull`."""
        home = StreamingSession(stored.plane, self.log, stored.generation)
        self.adopt(home, principal).session.id = stored.id
        self.add(home)
        return home

    def add(self, session: HTTPSession) -> None:
        """From now on its client can come back with its id."""
        self._stats.opened += 1
        self._sessions[session.id] = session
        session.touched = self._clock()
        if not self._sweeping:
            self._sweeping = True
            self._kernel.spawn(self._sweep_regularly)

    def find(self, session_id: str, plane: str, principal: Principal) -> HTTPSession | None:
        """The session, marked as used. None for one that is not open, of another plane, or of
        another principal: all the same to the caller."""
        session = self._sessions.get(session_id)
        if session is None or session.plane != plane or not session.admits(principal):
            return None
        if session.session.closed:
            self._end(session, "the server ended the session")
            self._stats.closed += 1
            return None
        self.touch(session)
        return session

    def touch(self, session: HTTPSession) -> None:
        """Mark a session as used now."""
        now = self._clock()
        if now - session.touched < self._grain:
            return
        if self._sessions.pop(session.id, None) is not None:
            session.touched = now
            self._sessions[session.id] = session

    def close(self, session: HTTPSession, reason: str = "the client ended the session") -> None:
        """End a session and free what it holds; what runs for it is cancelled. Idempotent."""
        if session.id in self._sessions:
            self._stats.closed += 1
        self._end(session, reason)

    def end_listening(self) -> None:
        """The server is about to stop: end the streams that only wait for news. Answers of calls in
        flight still go out on theirs."""
        for session in list(self._sessions.values()):
            if session.connected:
                self._kernel.spawn(session.end_listening)

    async def aclose(self, reason: str = "the server is shutting down") -> None:
        """End every session; where other processes can go on with them, what they need is left."""
        for session in list(self._sessions.values()):
            if self.ended is None:
                self.close(session, reason)
            else:
                session.close(reason)
        await anyio.lowlevel.checkpoint()

    def sweep(self) -> None:
        """End the sessions that were unused for too long."""
        now = self._clock()
        for session in list(self._sessions.values()):
            if now - session.touched < self._ttl:
                return
            if session.busy:
                self.touch(session)
            else:
                self._stats.expired += 1
                self._end(session, "the session was not used for too long")

    def _end(self, session: HTTPSession, reason: str) -> None:
        self._sessions.pop(session.id, None)
        session.close(reason)
        if self.ended is not None:
            self.ended(session.id)
        elif not session.silent:
            try:
                self._kernel.spawn(partial(self.log.forget, session.id))
            except RuntimeError:
                # The kernel has stopped, and the log ends with it.
                return

    def _make_room(self) -> None:
        if len(self._sessions) < self._limit:
            return
        now = self._clock()
        for session in list(self._sessions.values()):
            idle = now - session.touched
            if idle < MIN_IDLE_SECONDS:
                self._stats.refused += 1
                raise SessionsFull(max(1, round(MIN_IDLE_SECONDS - idle)))
            if not session.busy:
                self._stats.evicted += 1
                self._end(session, "the session made room for another")
                return
            self.touch(session)
        self._stats.refused += 1
        raise SessionsFull(round(MIN_IDLE_SECONDS))

    async def _sweep_regularly(self) -> None:
        try:
            while self._sessions:
                await anyio.sleep(self._ttl / SWEEPS_PER_TTL)
                self.sweep()
        finally:
            self._sweeping = False
