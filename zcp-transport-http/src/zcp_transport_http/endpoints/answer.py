"""The answer of one POST: JSON, or an event stream from the first frame on.

Rules of this file:
- The call runs in the request's own task. Whatever is sent on this channel before the result turns
  the response into a stream; nothing sent, and it is plain JSON.
- With a session the stream is one of the session's: it has event ids, can be resumed, and outlives
  its client, since a disconnect is no cancellation (MCP 2025-11-25, basic/transports).
- A call with a key has its stream from the start, though its response may never become one: who
  sends the same call again, for the response was lost, is given that stream instead.
- Without one it belongs to the response: no ids, and a client that goes cancels the call (MCP
  2026-07-28, basic/transports).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
from attrs import define
from zcp_kernel.session import Batch, Reply

from ..events.response import EventResponse
from ..wire import problem, respond
from .watch import Watch, until_gone

if TYPE_CHECKING:
    from zcp_kernel.errors import ZCPError
    from zcp_kernel.runtime import Kernel
    from zcp_kernel.session import Due, Exchange

    from ..cluster.calls import Calls
    from ..events.stream import SessionStream
    from ..sessions.session import StreamingSession
    from ..wire import Pairs, Request, Send

__all__ = ["Answer", "Answering"]

ACCEPTED = 202


@define(eq=False)
class Answering:
    """What all answers of an endpoint share; times in seconds, `retry_ms` in milliseconds."""

    kernel: Kernel
    watch: Watch
    keepalive: float
    retry_ms: int
    calls: Calls | None = None
    """Where calls are written down that another process may have to answer for."""
    keep: Callable[[StreamingSession], Awaitable[None]] | None = None
    """Stores what a call changed in its session, which another process may have to go on with."""


class Answer:
    """The channel of one POST (`contracts.Channel`), and its response."""

    def __init__(
        self,
        shared: Answering,
        request: Request,
        send: Send,
        home: StreamingSession | None = None,
        headers: Pairs = (),
        key: str | None = None,
    ) -> None:
        """`home` is the session the call belongs to, `headers` go with the response; `key` is what
        its client would send it again with."""
        self._shared = shared
        self._request = request
        self._send = send
        self._home = home
        self._headers = headers
        self._key = key
        self._response: EventResponse | None = None
        self._stream: SessionStream | None = None
        self._opening: anyio.Lock | None = None
        self._watching: anyio.CancelScope | None = None
        self._due: Exchange | Batch | None = None
        self._done = False
        self._left = False

    # -- the channel -------------------------------------------------------------------------------

    async def receive(self) -> bytes:
        """Nothing comes this way: raises `anyio.EndOfStream`."""
        raise anyio.EndOfStream

    async def send(self, frame: bytes) -> None:
        """Send a frame before the result. Raises `anyio.BrokenResourceError` when nobody will ever
        read it; after the result, what belongs to a session goes to its own stream."""
        if self._done:
            if self._home is None:
                raise anyio.BrokenResourceError
            return await self._home.send(frame)
        await self.open()
        if self._stream is not None:
            return await self._stream.send(frame)
        if self._response is None or not await self._response.event(frame):
            raise anyio.BrokenResourceError
        return None

    async def close_early(self) -> bool:
        """End the response now and let the client fetch the result by resuming (SEP-1699): for
        calls so long that holding a connection is a waste. False, and nothing happens, where the
        client could not."""
        revision = None if self._home is None else self._home.session.revision
        if self._done or revision is None or not revision.primes_streams:
            return False
        await self.open()
        if self._stream is None or self._response is None:
            return False
        await self._stream.release()
        return True

    async def aclose(self) -> None:
        """The response ends with the call, not before."""

    # -- the response ------------------------------------------------------------------------------

    async def open(self) -> None:
        """Make the response a stream, if it is none yet and its session still is."""
        if self._opening is None:
            self._opening = anyio.Lock()
        async with self._opening:
            gone = self._left or (self._home is not None and self._home.closed)
            if self._response is None and not self._done and not gone:
                await self._open()

    async def _open(self) -> None:
        if self._home is None:
            self._response = EventResponse(self._send)
            await self._response.start(self._headers)
            return
        if self._stream is not None and self._stream.attached:
            # Its client has come back for it on another connection.
            return
        revision = self._home.session.revision
        self._response = EventResponse(self._send, self._shared.retry_ms)
        if self._stream is None:
            self._stream = self._home.new_stream()
            await self._write_down(self._home, self._stream)
        prime = revision is not None and revision.primes_streams
        await self._stream.open(self._response, self._headers, prime=prime)

    async def _write_down(self, home: StreamingSession, stream: SessionStream) -> None:
        if self._shared.calls is not None and self._due is not None:
            await self._shared.calls.begin(home.id, stream.number, self._due.ids, self._key)

    async def run(self, due: Exchange | Batch, *, stream: bool = False) -> None:
        """Run the call and answer; `stream`: as a stream, whatever is sent."""
        self._due = due
        if self._key is not None and self._home is not None:
            self._stream = self._home.keyed_stream(self._key)
            await self._write_down(self._home, self._stream)
        if stream:
            await self.open()
        self._shared.watch.add(self)
        try:
            frame = await due.run()
        finally:
            self._shared.watch.discard(self)
            if self._watching is not None:
                self._watching.cancel()
        if self._opening is not None:
            # Somebody may be opening the stream at this moment.
            async with self._opening:
                self._done = True
        self._done = True
        if self._home is not None and self._shared.keep is not None:
            await self._shared.keep(self._home)
        if frame is not None:
            await self.reply(frame, due)
        else:
            await self._end_unanswered()

    async def _end_unanswered(self) -> None:
        if self._stream is not None:
            await self._end_stream(self._stream, None)
        if self._response is not None:
            await self._response.end()
        elif self._home is not None and self._home.closed:
            await problem(self._send, 404, "the session was ended while this call ran")
        else:
            # Cancelled: no answer is due any more.
            await respond(self._send, ACCEPTED)

    async def _end_stream(self, stream: SessionStream, frame: bytes | None) -> None:
        assert self._home is not None
        try:
            if frame is None:
                await stream.finish()
            else:
                await stream.send(frame, last=True)
        except anyio.BrokenResourceError:
            # The session was ended meanwhile.
            pass
        finally:
            self._home.retire(stream)

    async def reply(self, frame: bytes, due: Due, *, stream: bool = False) -> None:
        """Answer with a frame that is ready: in JSON, with the status the revision gives to this
        outcome, unless the response is a stream already, or shall be one."""
        if stream:
            await self.open()
        self._done = True
        if self._stream is not None:
            await self._end_stream(self._stream, frame)
        if self._response is None:
            status = 200
            if due.error is not None:
                status = self._refused(due.error, due)
            await respond(self._send, status, frame, self._headers)
        elif self._stream is None:
            await self._response.event(frame)
            await self._response.end()

    def _refused(self, error: ZCPError, due: Due) -> int:
        """The status of an answer that is an error."""
        self._headers = [*self._headers, *self._request.challenges(error)]
        assert not isinstance(due, Batch)
        revision = due.revision if isinstance(due, Reply) else due.session.revision
        return 400 if revision is None else revision.http_status(error)

    # -- while it runs -----------------------------------------------------------------------------

    async def watch(self) -> None:
        """Keep the connection alive, and notice when the client leaves."""
        if self._done or self._watching is not None:
            return
        with anyio.CancelScope() as self._watching:
            await until_gone(self._request, self._shared.keepalive, self._keep_alive)
            self._client_left()

    async def _keep_alive(self) -> None:
        await self.open()
        if self._response is not None:
            await self._response.comment()

    def _client_left(self) -> None:
        if self._home is None and self._due is not None:
            self._due.cancel()
        self._left = True
        if self._response is not None:
            self._response.lose()
