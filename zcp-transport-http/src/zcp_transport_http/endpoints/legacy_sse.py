"""HTTP+SSE, the transport of MCP 2024-11-05: one stream down, posts up.

The stream's first event names the URI to post to; everything the server says, answers included,
comes as "message" events of the stream, and the session ends with it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import anyio
from zcp_kernel.errors import ParseError
from zcp_kernel.jsontext import loads
from zcp_kernel.session import Reply

from ..events.response import EventResponse
from ..sessions import HTTPSession, HTTPSessions, SessionsFull
from ..wire import problem, respond
from .negotiation import accepted, is_json
from .watch import until_gone

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel
    from zcp_kernel.session import Batch, Exchange

    from ..settings import Settings
    from ..wire import Endpoint, Request, Send

__all__ = ["legacy_sse_endpoints"]

PARAMETER = "session_id"
ACCEPTED = 202
DRAIN_PAUSE_SECONDS = 0.05
"""How often a stream that is to end looks whether its calls have ended."""


class _StreamSession(HTTPSession):
    """A session that lives as long as its one stream."""

    __slots__ = ("_response",)

    def __init__(self, response: EventResponse) -> None:
        super().__init__("sse", "mcp")
        self._response = response

    @property
    def streams_open(self) -> int:
        return int(self._response.open)

    async def send(self, frame: bytes) -> None:
        """Raises `anyio.BrokenResourceError` when the stream is gone."""
        if not await self._response.event(frame, name="message"):
            raise anyio.BrokenResourceError

    async def end_listening(self) -> None:
        # The table of calls has no event for its emptiness, and this happens once in a process.
        while self.session.inflight and self._response.open:  # noqa: ASYNC110
            await anyio.sleep(DRAIN_PAUSE_SECONDS)
        # A call leaves the table before its answer is written.
        await anyio.sleep(DRAIN_PAUSE_SECONDS)
        await self._response.comment()
        self._response.stop()

    def _drop_streams(self) -> None:
        self._response.stop()


def legacy_sse_endpoints(
    kernel: Kernel, settings: Settings, sessions: HTTPSessions | None = None
) -> tuple[Endpoint, Endpoint]:
    """The endpoint of the stream (GET) and that of the messages (POST)."""
    table = HTTPSessions(kernel, settings.streamable) if sessions is None else sessions
    both = _LegacySSE(kernel, settings, table)
    return both.get, both.post


class _LegacySSE:
    def __init__(self, kernel: Kernel, settings: Settings, sessions: HTTPSessions) -> None:
        self._kernel = kernel
        self._sessions = sessions
        self._message_path = settings.sse.message_path
        self._keepalive = settings.sse.keepalive_seconds

    async def get(self, request: Request, send: Send) -> None:
        """Open a session and its stream; it ends when the client leaves."""
        if request.method != "GET":
            return await problem(send, 405, "use GET", headers=[(b"allow", b"GET")])
        if not accepted(request.headers).stream:
            return await problem(send, 406, "send Accept: text/event-stream")
        response = EventResponse(send)
        try:
            home = self._sessions.adopt(_StreamSession(response), request.principal)
        except SessionsFull as full:
            retry = [(b"retry-after", b"%d" % full.retry_after)]
            return await problem(send, 503, str(full), headers=retry)
        self._sessions.add(home)
        try:
            with anyio.CancelScope() as scope:
                response.on_close = scope.cancel
                await response.start()
                await response.event(self._endpoint(request, home.id), name="endpoint")
                await until_gone(request, self._keepalive, response.comment)
                response.lose()
            await response.end()
        finally:
            self._sessions.close(home, "the client closed its stream")
        return None

    def _endpoint(self, request: Request, session_id: str) -> bytes:
        root: str = request.scope.get("root_path", "")
        path = quote(root + self._message_path)
        return f"{path}?{PARAMETER}={session_id}".encode()

    async def post(self, request: Request, send: Send) -> None:
        """Take one message; what is due for it goes to the session's stream."""
        if request.method != "POST":
            return await problem(send, 405, "use POST", headers=[(b"allow", b"POST")])
        if not is_json(request.headers):
            return await problem(send, 415, "send Content-Type: application/json")
        session_id = request.query.get(PARAMETER, "")
        home = self._sessions.find(session_id, "sse", request.principal)
        if home is None:
            cluster = self._sessions.cluster
            if cluster is not None and await cluster.pass_on(session_id, request, send):
                return None
            return await problem(send, 404, "no such session is open; open a new stream")
        try:
            message = loads(request.body)
        except ParseError as error:
            return await problem(send, 400, error.message, code=error.code)
        due = home.session.take(message, None, request.headers)
        if due is not None:
            # The answer goes to the stream, so this response need not wait for it.
            self._kernel.spawn(partial(_run, due, home))
        return await respond(send, ACCEPTED)


async def _run(due: Exchange | Reply | Batch, home: HTTPSession) -> None:
    frame = await due.run()
    if frame is not None and not home.closed:
        try:
            await home.send(frame)
        except anyio.BrokenResourceError:
            # The client left with its stream; the session ends by that.
            return
