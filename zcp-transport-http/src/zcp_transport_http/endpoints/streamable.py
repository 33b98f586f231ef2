"""Streamable HTTP: one URL for sessions, for calls without one, and for every revision.

Which revision a message is read in is decided in this order: the message opens a session or brings
its own facts (the dialect says so); the session it names; on the native plane, the newest revision.
The header that names a version never chooses the codec of a session (MCP 2025-11-25,
basic/transports, "Session Management").
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from zcp_kernel.errors import ParseError
from zcp_kernel.jsontext import is_list, is_object, loads
from zcp_kernel.session import NOWHERE, Reply

from ..sessions import HTTPSessions, SessionsFull, StreamingSession
from ..wire import problem, respond
from .answer import ACCEPTED, Answer, Answering
from .following import Following
from .negotiation import KEY, Accepted, accepted
from .terms import Plane, Terms, TermsReader
from .watch import Watch

if TYPE_CHECKING:
    from zcp_kernel.contracts import Channel, Match
    from zcp_kernel.runtime import Kernel
    from zcp_kernel.session import ZCPServerSession

    from ..settings import Settings
    from ..wire import Endpoint, Request, Send

__all__ = ["streamable_endpoint"]

METHODS = (b"allow", b"GET, POST, DELETE")
RESENDS = (b"x-zcp-resends", KEY.encode())
"""Goes with the answer that opens a session: a request that comes again with the same key is served
once, and its answer given again."""
NO_SESSION = "no such session is open; initialize a new one"
NO_SESSIONS = (
    "this server keeps no sessions (StreamableHTTPConfig(sessions=False), or several workers): "
    "speak a revision that needs none"
)
NAME_A_SESSION = "name your session in the header {}, or open one with initialize"


def streamable_endpoint(
    kernel: Kernel, settings: Settings, plane: Plane, sessions: HTTPSessions | None = None
) -> Endpoint:
    """The endpoint of one plane, for GET, POST and DELETE.

    `sessions` is shared by the endpoints of an application; None makes a table of its own.
    """
    table = HTTPSessions(kernel, settings.streamable) if sessions is None else sessions
    return _Streamable(kernel, settings, plane, table)


class _Streamable:
    def __init__(
        self, kernel: Kernel, settings: Settings, plane: Plane, sessions: HTTPSessions
    ) -> None:
        streamable = settings.streamable
        self._kernel = kernel
        self._plane = plane
        self._dialect = kernel.dialects[plane]
        self._sessions = sessions
        self._headers = [streamable.session_header.lower()]
        if plane == "native":
            self._headers.insert(0, streamable.native_session_header.lower())
        self._terms = TermsReader(plane, tuple(self._headers))
        self._json_only = streamable.json_response
        self._keeps_sessions = streamable.sessions
        keepalive = settings.sse.keepalive_seconds
        self._shared = Answering(kernel, Watch(kernel), keepalive, streamable.retry_ms)
        if sessions.cluster is not None:
            self._shared.calls = sessions.cluster.calls
            self._shared.keep = sessions.cluster.keep_if_possible
        self._following = Following(sessions, self._shared, 409 if plane == "native" else 400)

    def __call__(self, request: Request, send: Send) -> Awaitable[None]:
        terms = self._terms.of(request.headers)
        if terms.contradiction is not None:
            twice = f"the header {terms.contradiction} came with several values"
            return problem(send, 400, twice)
        if request.method == "POST":
            return self._post(terms, request, send)
        if request.method == "GET":
            return self._get(request, send)
        if request.method == "DELETE":
            return self._delete(request, send)
        return problem(send, 405, "use GET, POST or DELETE", headers=[METHODS])

    # -- POST --------------------------------------------------------------------------------------

    async def _post(self, terms: Terms, request: Request, send: Send) -> None:
        if terms.refusal is not None:
            status, message = terms.refusal
            return await problem(send, status, message)
        try:
            message = loads(request.body)
        except ParseError as error:
            return await self._unreadable(error, request, send)
        match = None
        if is_list(message):
            await request.count(len(message) - 1)
        if is_object(message):
            match = self._dialect.classify(message, request.headers)
        if match is None:
            return await self._unclaimed(message, terms, request, send)
        if match.handshake and match.refusal is None:
            return await self._initialize(message, match, request, send)
        return await self._without_session(message, match, terms.takes, request, send)

    async def _unreadable(self, error: ParseError, request: Request, send: Send) -> None:
        """No JSON. It may have been the answer somebody here waits for."""
        home = None
        if (presented := self._terms.of(request.headers).session) is not None:
            home = self._sessions.find(presented, self._plane, request.principal)
        session = home.session if home is not None else self._transient(NOWHERE, request)
        match = self._dialect.classify({}, request.headers)
        if home is None and match is not None:
            session.adopt(match.revision)
        reply = session.unreadable(request.body, error)
        if reply is None:
            return await problem(send, 400, error.message, code=error.code)
        return await respond(send, 400, reply.frame)

    def _transient(self, channel: Channel, request: Request) -> ZCPServerSession:
        return self._kernel.open_session(channel, request.principal, (self._plane,))

    async def _unclaimed(self, message: Any, terms: Terms, request: Request, send: Send) -> None:
        """A message that belongs to a session, or, on the native plane, to none."""
        takes = terms.takes
        if terms.session is None and self._plane == "native":
            return await self._without_session(message, None, takes, request, send)
        home = await self._found(request, send)
        if home is None:
            return None
        key = None if self._json_only or not takes.stream else terms.key
        number = None if key is None else home.number_of(key)
        if number is not None:
            return await self._following.resume(home, (number, 0), request, send)
        answer = Answer(self._shared, request, send, home, key=key)
        related = None if self._json_only or not takes.stream else answer
        due = home.session.take(message, related, request.headers)
        if due is None and self._shared.keep is not None:
            await self._shared.keep(home)
        await self._answer(answer, due, takes, send)
        self._sessions.touch(home)
        return None

    async def _without_session(
        self,
        message: Any,
        match: Match | None,
        takes: Accepted,
        request: Request,
        send: Send,
    ) -> None:
        """Served by a session that ends with the answer. One nobody claimed is read in the newest
        revision, as if there had been a handshake."""
        answer = Answer(self._shared, request, send)
        related: Channel = NOWHERE if self._json_only or not takes.stream else answer
        session = self._transient(related, request)
        session.lasting = False
        if match is None:
            session.adopt(self._dialect.revision())
        due = session.take(message, related, request.headers, match)
        await self._answer(answer, due, takes, send)

    def _answer(self, answer: Answer, due: Any, takes: Accepted, send: Send) -> Awaitable[None]:
        if due is None:
            return respond(send, ACCEPTED)
        if isinstance(due, Reply):
            return answer.reply(due.frame, due, stream=not takes.json)
        return answer.run(due, stream=not takes.json)

    async def _initialize(self, message: Any, match: Match, request: Request, send: Send) -> None:
        """Open a session; an id the client presents is ignored."""
        if not self._keeps_sessions:
            return await problem(send, 400, NO_SESSIONS)
        try:
            home = self._sessions.open_streaming(self._plane, request.principal)
        except SessionsFull as full:
            retry = [(b"retry-after", b"%d" % full.retry_after)]
            return await problem(send, 503, str(full), headers=retry)
        due = home.session.take(message, None, request.headers, match)
        if due is None:
            return await respond(send, ACCEPTED)
        assert isinstance(due, Reply)
        fields: list[tuple[bytes, bytes]] = []
        if due.error is None:
            self._sessions.add(home)
            if self._sessions.cluster is not None:
                await self._sessions.cluster.keep(home)
            fields = [(name.encode(), home.id.encode()) for name in self._headers]
            if not self._json_only:
                fields.append(RESENDS)
        return await Answer(self._shared, request, send, headers=fields).reply(due.frame, due)

    # -- sessions ----------------------------------------------------------------------------------

    async def _found(self, request: Request, send: Send) -> StreamingSession | None:
        """The session of a request; None if the answer was that there is none."""
        presented = self._terms.of(request.headers).session
        if presented is None:
            await problem(send, 400, NAME_A_SESSION.format(self._headers[0]))
            return None
        home = self._sessions.find(presented, self._plane, request.principal)
        if home is None and self._sessions.cluster is not None:
            found = await self._sessions.cluster.find(presented, self._plane, request, send)
            if found is True:
                return None
            home = found or None
        if not isinstance(home, StreamingSession):
            await problem(send, 404, NO_SESSION)
            return None
        return home

    async def _claimed(self, request: Request, send: Send) -> bool:
        """Whether the headers alone name a revision that has no sessions, or none at all."""
        match = self._dialect.classify({}, request.headers)
        if match is None:
            return False
        why = match.refusal.message if match.refusal is not None else match.revision.name
        await problem(send, 400, f"only sessions have GET and DELETE: {why}")
        return True

    async def _delete(self, request: Request, send: Send) -> None:
        if await self._claimed(request, send):
            return
        home = await self._found(request, send)
        if home is not None:
            self._sessions.close(home)
            await respond(send, 204)

    # -- GET ---------------------------------------------------------------------------------------

    async def _get(self, request: Request, send: Send) -> None:
        if not accepted(request.headers).stream:
            return await problem(send, 406, "send Accept: text/event-stream")
        if await self._claimed(request, send):
            return None
        home = await self._found(request, send)
        if home is None:
            return None
        return await self._following.listen(home, request, send)
