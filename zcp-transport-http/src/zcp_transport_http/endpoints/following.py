"""A GET on a session: its events as they come, or from where a connection was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from ..events.response import EventResponse
from ..events.stream import parse_event_id
from ..wire import problem
from .watch import until_gone

if TYPE_CHECKING:
    from ..sessions import HTTPSessions, StreamingSession
    from ..wire import Request, Send
    from .answer import Answering

GAP = (
    "the events after {} are no longer kept: fetch anew what you need, and listen without "
    "Last-Event-ID"
)


class Following:
    """Serves event streams of sessions; `gap_status` answers who asks for events that are gone."""

    def __init__(self, sessions: HTTPSessions, shared: Answering, gap_status: int) -> None:
        self._sessions = sessions
        self._shared = shared
        self._calls = None if sessions.cluster is None else sessions.cluster.calls
        self._gap_status = gap_status

    async def listen(self, home: StreamingSession, request: Request, send: Send) -> None:
        """What the session says by itself; after the event of `Last-Event-ID`, if one is named."""
        last = request.headers.get("last-event-id")
        if last:
            return await self.resume(home, parse_event_id(last), request, send, last)
        response = EventResponse(send, self._shared.retry_ms)
        stream = home.listening(response)
        revision = home.session.revision
        await stream.listen(response, prime=revision is not None and revision.primes_streams)
        await self._hold(home, response, request)
        stream.detach(response)
        return None

    async def resume(
        self,
        home: StreamingSession,
        cursor: tuple[int, int] | None,
        request: Request,
        send: Send,
        last: str = "that request began",
    ) -> None:
        """Go on with a stream after an event, both by number; `last` is its client's name."""
        response = EventResponse(send, self._shared.retry_ms)
        stream = None if cursor is None else home.find_stream(cursor[0])
        if stream is not None and stream.ended and self._calls is not None:
            await self._calls.settle(home.id, stream.number)
        if cursor is None or stream is None or not await stream.resume(response, cursor[1]):
            return await problem(send, self._gap_status, GAP.format(last))
        await self._hold(home, response, request)
        stream.detach(response)
        return None

    async def _hold(
        self, home: StreamingSession, response: EventResponse, request: Request
    ) -> None:
        """Until the client leaves, or there is nothing more to say."""
        if response.open:
            with anyio.CancelScope() as scope:
                response.on_close = scope.cancel
                await until_gone(request, self._shared.keepalive, response.comment)
                response.lose()
        await response.end()
        self._sessions.touch(home)
