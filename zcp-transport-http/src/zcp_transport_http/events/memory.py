"""What was sent on event streams, kept in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from attrs import define, field
from zcp_kernel.contracts import LoggedEvent

__all__ = ["MemoryEventLog"]

MIB = 1024 * 1024
OVERHEAD = 128
"""Bytes an event takes besides its frame, by measurement."""


@define(eq=False)
class _Stream:
    """The kept events of one stream; those up to `lost` are gone. `count` were there in all."""

    events: deque[LoggedEvent] = field(factory=deque[LoggedEvent])
    answer: LoggedEvent | None = None
    count: int = 0
    lost: int = 0


@define(eq=False)
class _Session:
    """The kept streams of one session, the longest unused first."""

    streams: dict[int, _Stream] = field(factory=dict[int, _Stream])
    size: int = 0


class MemoryEventLog:
    """Bounded in events of a stream, in streams and bytes of a session, and in bytes in all.

    What exceeds a session's bytes goes in this order: events of its longest unused streams, then
    their answers; the event just stored stays. What exceeds the bytes in all costs the longest
    silent sessions everything kept for them.
    """

    name = "memory"

    def __init__(
        self,
        max_events: int = 256,
        max_bytes: int = MIB,
        max_bytes_total: int = 256 * MIB,
        max_streams: int = 64,
    ) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._max_bytes_total = max_bytes_total
        self._max_streams = max_streams
        self._sessions: dict[str, _Session] = {}
        self._size = 0

    @property
    def bytes_held(self) -> int:
        """Bytes of all kept events; each counts its frame and 128 bytes."""
        return self._size

    async def append(self, session: str, stream: int, frame: bytes, *, last: bool = False) -> int:
        """Store the stream's next event; returns its number. Raises `ValueError` after its last."""
        kept = self._sessions.pop(session, None) or _Session()
        self._sessions[session] = kept
        log = kept.streams.pop(stream, None) or _Stream()
        kept.streams[stream] = log
        if log.answer is not None:
            raise ValueError(f"stream {stream} has ended")
        log.count += 1
        event = LoggedEvent(log.count, frame)
        if last:
            log.answer = event
        else:
            log.events.append(event)
        self._grow(kept, len(frame) + OVERHEAD)
        while len(log.events) > self._max_events:
            self._drop_oldest(kept, log)
        self._shrink(kept, log)
        return log.count

    async def after(self, session: str, stream: int, number: int) -> Sequence[LoggedEvent] | None:
        """Every event of the stream above `number`; None unless all of them are still kept."""
        kept = self._sessions.get(session)
        log = None if kept is None else kept.streams.get(stream)
        if log is None or number < log.lost or number > log.count:
            return None
        events = [event for event in log.events if event.number > number]
        if log.answer is not None and log.answer.number > number:
            events.append(log.answer)
        return events

    async def forget(self, session: str) -> None:
        """Remove a session's streams; harmless if there are none."""
        self._drop_session(session)

    def _grow(self, kept: _Session, size: int) -> None:
        kept.size += size
        self._size += size

    def _drop_oldest(self, kept: _Session, log: _Stream) -> None:
        event = log.events.popleft()
        log.lost = event.number
        self._grow(kept, -len(event.frame) - OVERHEAD)

    def _drop_stream(self, kept: _Session, number: int) -> None:
        log = kept.streams.pop(number)
        size = sum(len(event.frame) + OVERHEAD for event in log.events)
        if log.answer is not None:
            size += len(log.answer.frame) + OVERHEAD
        self._grow(kept, -size)

    def _drop_session(self, session: str) -> None:
        kept = self._sessions.pop(session, None)
        if kept is not None:
            self._size -= kept.size

    def _shrink(self, kept: _Session, current: _Stream) -> None:
        if len(kept.streams) > self._max_streams or kept.size > self._max_bytes:
            self._shrink_session(kept, current)
        while self._size > self._max_bytes_total and len(self._sessions) > 1:
            self._drop_session(next(iter(self._sessions)))

    def _shrink_session(self, kept: _Session, current: _Stream) -> None:
        ended = [n for n, log in kept.streams.items() if log.answer and log is not current]
        while len(kept.streams) > self._max_streams and ended:
            self._drop_stream(kept, ended.pop(0))
        for log in list(kept.streams.values()):
            spared = 1 if log is current and log.answer is None else 0
            while kept.size > self._max_bytes and len(log.events) > spared:
                self._drop_oldest(kept, log)
        while kept.size > self._max_bytes and ended:
            self._drop_stream(kept, ended.pop(0))
