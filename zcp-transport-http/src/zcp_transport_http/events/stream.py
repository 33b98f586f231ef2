"""A stream of a session that a client can lose and resume."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from zcp_kernel.contracts import EventLog, LoggedEvent

from ..wire import Pairs
from .response import EventResponse

__all__ = ["SessionStream", "parse_event_id"]


def parse_event_id(text: str) -> tuple[int, int] | None:
    """Stream and event number of an event id; None for what is none of ours."""
    stream, _, number = text.partition("-")
    if len(text) > 40 or not (stream.isascii() and stream.isdigit()):
        return None
    if not (number.isascii() and number.isdigit()):
        return None
    return int(stream), int(number)


class SessionStream:
    """A numbered stream: every event is logged, and goes to the response attached now, if any.

    Events keep their order, whoever sends them; one that is attached while others send gets what
    it missed first.
    """

    __slots__ = ("_count", "_lock", "_log", "_session", "ended", "handed", "number", "response")

    def __init__(self, log: EventLog, session: str, number: int, *, ended: bool = False) -> None:
        """`ended` is for a stream that is in the log alone."""
        self._log = log
        self._session = session
        self._lock = anyio.Lock()
        self._count = -1 if ended else 0
        self.number = number
        self.response: EventResponse | None = None
        self.handed = 0
        self.ended = ended

    @property
    def attached(self) -> bool:
        """Whether somebody reads this stream now."""
        return self.response is not None and self.response.open

    async def send(self, frame: bytes, *, last: bool = False) -> None:
        """Log an event and write it to whoever is attached; waits while that one is slow. The last
        one ends the response. Raises `anyio.BrokenResourceError` once the stream has ended."""
        async with self._lock:
            if self.ended:
                raise anyio.BrokenResourceError
            self._count = await self._log.append(self._session, self.number, frame, last=last)
            await self._hand(frame, self._count)
            self.ended = self.ended or last
            if last and self.response is not None:
                await self.response.end()

    async def open(self, response: EventResponse, headers: Pairs, *, prime: bool) -> None:
        """Begin the stream with this response. `prime`: with an event that has an id alone."""
        async with self._lock:
            self.response = response
            await response.start(headers)
            if prime:
                await response.event(b"", self._id(0))

    async def resume(self, response: EventResponse, after: int) -> bool:
        """Write what came after event `after`, then what comes. False, and nothing is written, if
        some of that is no longer kept."""
        async with self._lock:
            missed = await self._after(after)
            if missed is None:
                return False
            await self._continue(response, missed)
            return True

    async def listen(self, response: EventResponse, *, prime: bool) -> None:
        """Write what nobody has read yet, as far as it is kept, then what comes."""
        async with self._lock:
            missed = await self._after(self.handed) or ()
            await self._continue(response, missed, prime=prime)

    async def _after(self, number: int) -> Sequence[LoggedEvent] | None:
        if number == self._count:
            return ()
        return await self._log.after(self._session, self.number, number)

    async def _continue(
        self, response: EventResponse, missed: Sequence[LoggedEvent], *, prime: bool = False
    ) -> None:
        if self.response is not None and self.response is not response:
            await self.response.end()
        self.response = response
        await response.start()
        if prime:
            await response.event(b"", self._id(self.handed))
        elif not missed:
            await response.comment()
        for event in missed:
            await self._hand(event.frame, event.number)
        if self.ended:
            await response.end()

    async def finish(self) -> None:
        """End the stream without an answer."""
        self.ended = True
        await self.release()

    async def release(self) -> None:
        """End the response now; what the stream still gets waits for whoever resumes it."""
        async with self._lock:
            if self.response is not None:
                await self.response.end()
                self.response = None

    async def leave(self, *, prime: bool) -> None:
        """End the response, and let its client come back. `prime`: with an event that has an id
        alone, to come back with."""
        async with self._lock:
            response = self.response
            if response is None or not response.open:
                return
            if response.started and prime:
                await response.event(b"", self._id(self.handed))
            elif response.started:
                await response.comment()
            response.stop()

    def detach(self, response: EventResponse) -> None:
        """This response's client is gone."""
        if self.response is response:
            self.response = None

    def _id(self, number: int) -> str:
        return f"{self.number}-{number}"

    async def _hand(self, frame: bytes, number: int) -> None:
        response = self.response
        if response is None or not response.started:
            return
        if await response.event(frame, self._id(number)):
            self.handed = number
