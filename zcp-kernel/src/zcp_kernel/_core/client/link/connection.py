"""One connection of a client: JSON-RPC over a channel, from its opening to its end.

Rules of this file:
- The channel is opened, read and closed by one task of the connection's own supervisor.
- Every call is in `_calls` until it is answered, given up, or the channel ends; whoever takes it
  out of there decides its outcome. So no call waits for an answer that cannot come.
- Where frames share the channel, a call's answer, its deadline and the end of the channel all set
  one event: no call needs a cancel scope but one whose frame has to wait for room.
- On a channel of exchanges each call's exchange runs in its caller's task, and fails alone.
- A connection ends once. The session makes another.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from functools import partial
from typing import Any, cast

import anyio
from anyio import BrokenResourceError, ClosedResourceError, EndOfStream

from ....contracts import Channel, ExchangeChannel, Message
from ....errors import ConnectionLost, ParseError, RequestCancelled
from ....jsontext import dumps
from ...asking import single_cause
from ...supervisor import Supervisor
from ...waiting import Pace, pace_of_this_loop
from .calls import NO_DEADLINE, Call, Deadline, why_gone, with_token
from .deadlines import Deadlines
from .exchanges import exchanged
from .incoming import Incoming
from .notices import Notices

log = logging.getLogger("zcp.client")

Connect = Callable[[], AbstractAsyncContextManager[Channel]]
CLOSED_EARLY = "the connection was closed while it opened"
_GONE = (BrokenResourceError, ClosedResourceError, EndOfStream)


class Connection:
    """Carries requests and notifications both ways; see the rules above."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.encode_cancel: Callable[[int, str], Message | None] | None = None
        self.notices = Notices()
        self.progress: dict[int, Callable[..., Any]] = {}
        self.ended = False
        self._supervisor = Supervisor("zcp.client")
        self._channel: Channel | None = None
        self._exchanging: ExchangeChannel | None = None
        self._calls: dict[int, Call] = {}
        self._deadlines = Deadlines(self._calls, partial(self.spawn, name="zcp.client.deadlines"))
        self._send_now: Callable[[bytes], bool] | None = None
        self.incoming = Incoming(self._calls, self.spawn, self.tell)
        self._last_id = 0
        self._pace: Pace | None = None
        self._opened = anyio.Event()
        self._finished = anyio.Event()
        self._reading = anyio.CancelScope()
        self._closing = False
        self._failure: BaseException | None = None

    @property
    def in_flight(self) -> dict[int, str]:
        """Id and method of every call that waits for its answer."""
        return {number: call.method for number, call in self._calls.items()}

    @property
    def exchanges(self) -> bool:
        """Whether every request has an exchange of its own here."""
        return self._exchanging is not None

    @property
    def session_id(self) -> str | None:
        """What the server calls the session, where it has a name for it."""
        return getattr(self._channel, "session_id", None)

    # -- opening and ending ------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect. Raises what the transport raises, as the one real cause."""
        try:
            await self._supervisor.start()
        except RuntimeError:
            # Somebody closed it meanwhile.
            raise ConnectionLost(CLOSED_EARLY) from None
        # It outlives the call it is opened for, whose context variables are not its own.
        own = Context()
        own.run(partial(self._supervisor.spawn, self._tell_handlers, name="zcp.client.notices"))
        own.run(partial(self._supervisor.spawn, self._run, name="zcp.client.connection"))
        try:
            await self._opened.wait()
        except BaseException:
            self._supervisor.cancel()
            raise
        if self._channel is None:
            failure = self._failure or ConnectionLost(CLOSED_EARLY)
            await self._supervisor.aclose()
            raise failure

    async def aclose(self) -> None:
        """Close and wait until the transport let go. Idempotent, legal from any task."""
        self._closing = True
        if self._opened.is_set():
            self._reading.cancel()
            await self._finished.wait()
        await self._supervisor.aclose()

    def retire(self) -> None:
        """Take no more calls, and close once those in flight have ended."""
        self.ended = True
        self._closing = True
        if not self._calls:
            self._reading.cancel()

    def spawn(self, work: Callable[[], Awaitable[Any]], *, name: str) -> None:
        """Run this for as long as the connection lasts."""
        if self._supervisor.running:
            self._supervisor.spawn(work, name=name)

    def agree(self, headers: Mapping[str, str], *, session: bool) -> None:
        """Tell a channel of exchanges what was agreed."""
        if self._exchanging is not None:
            self._exchanging.agree(headers, session=session)

    async def _tell_handlers(self) -> None:
        await self.notices.run()
        self._supervisor.cancel()

    async def _run(self) -> None:
        try:
            with single_cause():
                await self._live()
        except Exception as error:
            self._failure = error
            if self._opened.is_set():
                log.warning("the connection ended badly: %s", error, exc_info=error)
        finally:
            self._lose("the connection was closed")
            self._opened.set()
            self._finished.set()
            self.notices.finish()

    async def _live(self) -> None:
        async with self._connect() as channel:
            self._channel = channel
            if hasattr(channel, "exchange"):
                self._exchanging = cast("ExchangeChannel", channel)
            self._send_now = getattr(channel, "send_now", None)
            self._opened.set()
            with self._reading:
                await self._read(channel)
            self._lose("the connection was closed" if self._closing else why_gone(channel))

    def _lose(self, reason: str) -> None:
        self.ended = True
        for call in self._calls.values():
            retryable = call.repeatable or not call.sent
            call.fail(ConnectionLost(f"{call.method}: {reason}", retryable=retryable))
        self._calls.clear()
        self.incoming.stop()

    async def _read(self, channel: Channel) -> None:
        while True:
            try:
                self.incoming.deliver(await channel.receive())
            except ParseError as error:
                self.incoming.log.warning("ignored a frame of the server: %s", error)
            except _GONE:
                return

    # -- frames out --------------------------------------------------------------------------------

    def next_number(self) -> int:
        """An id, or a progress token, nobody else has here."""
        self._last_id += 1
        return self._last_id

    async def ask(
        self,
        method: str,
        params: dict[str, Any] | None,
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        deadline: Deadline = NO_DEADLINE,
        progress: Callable[..., Any] | None = None,
        number: int | None = None,
    ) -> Any:
        """Send a request and wait for its result; `number` is its id if one was drawn before.

        Raises `RemoteError`, `ConnectionLost`, `DeadlineExceeded` after the deadline,
        `RequestCancelled`, and what the channel's exchange raises. A cancelled wait tells the
        server to stop.
        """
        number = self.next_number() if number is None else number
        message: Message = {"jsonrpc": "2.0", "id": number, "method": method}
        if progress is not None:
            self.progress[number] = progress
        if progress is not None or deadline.extends:
            params = with_token(params, number)
        if params is not None:
            message["params"] = params
        pace = self._pace or self._found_pace()
        call = Call(method, repeatable, deadline, pace)
        try:
            frame = self._entered(call, number, message)
            if self._exchanging is None:
                if not self._sent_now(call, frame):
                    await self._send(call, frame)
                call.sent = True
                self._deadlines.watch(call)
                await call.answered.wait()
            else:
                with call.bounded():
                    await exchanged(
                        self._exchanging, call, frame, headers or {}, self.incoming.deliver
                    )
        except Exception:
            # It failed by itself: there is nothing to tell the server.
            self._calls.pop(number, None)
            raise
        finally:
            self.progress.pop(number, None)
            if self._calls.pop(number, None) is not None:
                self._give_up(number, "the caller no longer waits")
            if self._closing and not self._calls:
                self._reading.cancel()
        if self.notices.behind:
            await self.notices.catch_up()
        if call.error is not None:
            raise call.error
        return call.result

    def _found_pace(self) -> Pace:
        self._pace = pace_of_this_loop()
        return self._pace

    def _entered(self, call: Call, number: int, message: Message) -> bytes:
        if self.ended or self._channel is None:
            raise ConnectionLost(f"{call.method}: the connection has ended")
        frame = dumps(message)
        self._calls[number] = call
        return frame

    def _sent_now(self, call: Call, frame: bytes) -> bool:
        """Whether it is sent without having to wait for room."""
        try:
            return self._send_now is not None and self._send_now(frame)
        except _GONE:
            assert self._channel is not None
            raise ConnectionLost(f"{call.method}: {why_gone(self._channel)}") from None

    async def _send(self, call: Call, frame: bytes) -> None:
        """Send what has to wait for room."""
        channel = self._channel
        assert channel is not None
        try:
            with call.bounded():
                await channel.send(frame)
        except _GONE:
            if not call.answered.is_set():
                raise ConnectionLost(f"{call.method}: {why_gone(channel)}") from None

    def cancel(self, number: int) -> bool:
        """Give up a call in flight: it raises `RequestCancelled` where it is awaited. False if no
        such call waits."""
        call = self._calls.pop(number, None)
        if call is None:
            return False
        call.fail(RequestCancelled(call.method))
        self._give_up(number, "cancelled by the caller")
        return True

    def _give_up(self, number: int, reason: str) -> None:
        message = self.encode_cancel(number, reason) if self.encode_cancel is not None else None
        if message is not None and not self.ended:
            self.spawn(partial(self.tell, message), name="zcp.client.cancel")

    async def tell(self, message: Message) -> None:
        """Send a message that is owed no answer; one to a server that is gone is dropped."""
        if self._channel is None or self.ended:
            return
        try:
            await self._channel.send(dumps({"jsonrpc": "2.0", **message}))
        except _GONE:
            log.debug("not sent, the server is gone: %s", message.get("method", "a response"))
