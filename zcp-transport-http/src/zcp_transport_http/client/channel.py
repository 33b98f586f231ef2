"""The client's end of Streamable HTTP, over any `HTTPClient`."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup
from attrs import frozen
from zcp_kernel.errors import ConnectionLost
from zcp_kernel.jsontext import is_object, loads

from .exchange import Deliver, Exchange, Line
from .http import HTTPClient, Unreachable
from .listening import Listener
from .standing import Standing
from .streams import MIN_SILENCE_SECONDS, backoff_seconds

__all__ = ["StreamableChannel", "StreamableOptions", "streamable_channel"]

log = logging.getLogger("zcp.http")

CLOSE_SECONDS = 2.0
BUFFER = 16
MAX_EXCHANGES = 100
"""Servers let about as many connections wait to be accepted; more at once would be reset."""

TELL_ATTEMPTS = 3
TELL_SECONDS = 10.0
SERVER_ERRORS = 500
TOO_MANY = 429
GONE = 404
GONE_REASON = "the server no longer knows the session"


@frozen
class StreamableOptions:
    """How a channel behaves. `session_id` attaches it to a session opened elsewhere; `end_session`
    is whether leaving ends the session at the server, None: if it was opened here. At most
    `max_exchanges` requests are under way at once; the others wait. `least_silence_seconds` is the
    shortest silence after which a stream that was kept alive counts as dead; `on_session_gone` is
    called when the server says that it does not know the session."""

    session_id: str | None = None
    end_session: bool | None = None
    max_exchanges: int = MAX_EXCHANGES
    least_silence_seconds: float = MIN_SILENCE_SECONDS
    on_session_gone: Callable[[], None] | None = None


@asynccontextmanager
async def streamable_channel(
    http: HTTPClient,
    url: str,
    headers: Mapping[str, str] | None = None,
    options: StreamableOptions | None = None,
) -> AsyncGenerator[StreamableChannel]:
    """A channel to the endpoint at `url`; leaving ends the session. `headers` go with every
    request."""
    async with anyio.create_task_group() as tasks:
        channel = StreamableChannel(http, url, tasks, headers or {}, options)
        try:
            yield channel
        except anyio.get_cancelled_exc_class():
            # Torn down rather than closed, at the end of the event loop for instance: too late to
            # tell anybody. The server forgets the session in time.
            raise
        except BaseException:
            await _close(channel)
            raise
        else:
            await _close(channel)
        finally:
            channel.lose("closed by the client")
            tasks.cancel_scope.cancel()


async def _close(channel: StreamableChannel) -> None:
    with anyio.move_on_after(CLOSE_SECONDS, shield=True):
        await channel.aclose()


class StreamableChannel:
    """Implements `zcp_kernel.contracts.ExchangeChannel` and `Attachable`.

    It ends by itself only when the server says that its session is gone.
    """

    def __init__(
        self,
        http: HTTPClient,
        url: str,
        tasks: TaskGroup,
        headers: Mapping[str, str],
        options: StreamableOptions | None = None,
    ) -> None:
        options = options or StreamableOptions()
        self.exit_reason: str | None = None
        self._tasks = tasks
        self._standing = Standing(headers, options.session_id, options.on_session_gone)
        self._line = Line(http, url, self._standing, options.least_silence_seconds)
        self._slots = anyio.CapacityLimiter(options.max_exchanges)
        self._ends_session = options.end_session
        if self._ends_session is None:
            self._ends_session = options.session_id is None
        self._into, self._frames = anyio.create_memory_object_stream[bytes](BUFFER)
        self._exchanges = 0
        self._listener: Listener | None = None
        self._gone = False
        self._closed = False

    @property
    def session_id(self) -> str | None:
        """What the server calls the session; None as long as there is none."""
        return self._standing.session_id

    # -- what the server says by itself ------------------------------------------------------------

    async def receive(self) -> bytes:
        """The next frame. Raises `anyio.EndOfStream` when the session is no more."""
        try:
            return await self._frames.receive()
        except anyio.ClosedResourceError:
            raise anyio.EndOfStream from None

    def agree(self, headers: Mapping[str, str], *, session: bool) -> None:
        """See `zcp_kernel.contracts.ExchangeChannel`."""
        self._standing.agree(headers, session=session)
        if session and self._listener is None and not self._closed:
            self._listener = Listener(self._line, self._take, self._end)
            self._tasks.start_soon(self._listener.run)

    async def _take(self, frame: bytes) -> None:
        try:
            await self._into.send(frame)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            # Nobody reads any more.
            return

    # -- requests ----------------------------------------------------------------------------------

    async def exchange(self, frame: bytes, headers: Mapping[str, str], deliver: Deliver) -> None:
        """See `zcp_kernel.contracts.ExchangeChannel`."""
        request = loads(frame)
        if self._closed:
            raise ConnectionLost(f"{request['method']}: {self.exit_reason}", retryable=True)
        opening = request["method"] == "initialize"
        self._exchanges += 1
        try:
            async with self._slots:
                await Exchange(self._line, frame, request, headers, deliver, opening).run()
            if self._listener is not None:
                self._listener.answered()
        finally:
            self._exchanges -= 1
            if self._gone and not self._exchanges:
                self.lose(GONE_REASON)

    # -- messages that are owed nothing ------------------------------------------------------------

    async def send(self, frame: bytes) -> None:
        """Send a notification or a response; one that met with a broken connection is sent again,
        for to hear it twice does no harm. Raises `anyio.BrokenResourceError` when it cannot be
        delivered."""
        if self._closed:
            raise anyio.BrokenResourceError
        for attempt in range(TELL_ATTEMPTS):
            if attempt:
                await anyio.sleep(backoff_seconds(attempt))
            status: int | None = SERVER_ERRORS
            with anyio.move_on_after(TELL_SECONDS):
                status = await self._told(frame)
            if status is None or not (status == TOO_MANY or status >= SERVER_ERRORS):
                return
        log.warning("%s would not take %s", self._line.url, _method(frame))
        raise anyio.BrokenResourceError

    async def _told(self, frame: bytes) -> int | None:
        """The status of the refusal, None if there was none; 500 stands for a broken connection, or
        one that brings nothing."""
        line = self._line
        try:
            async with line.http.request("POST", line.url, line.standing.fields(), frame) as said:
                status = said.status
                # Read to its end, so that the connection can be used again.
                await said.read()
        except Unreachable as error:
            log.debug("%s did not reach the server: %s", _method(frame), error)
            raise anyio.BrokenResourceError from None
        except OSError:
            return SERVER_ERRORS
        except Exception as error:
            # Its credentials could not be got. Nobody waits here who could be told.
            log.warning("%s could not be sent: %s", _method(frame), error)
            raise anyio.BrokenResourceError from error
        if status == GONE and line.standing.session_id is not None:
            self._end()
            raise anyio.BrokenResourceError
        if status < 400:
            return None
        log.debug("%s was answered HTTP %d", _method(frame), status)
        return status

    # -- the end -----------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """End the session. Idempotent."""
        if self._closed:
            return
        fields = self._standing.fields()
        ends = self._ends_session and self._standing.session_id is not None
        self.lose("closed by the client")
        if ends:
            fields.pop("content-type", None)
            try:
                async with self._line.http.request("DELETE", self._line.url, fields):
                    return
            except Exception as error:
                # The server is gone, and the session with it, or it forgets the session in time.
                log.debug("the session could not be ended: %s", error)

    def _end(self) -> None:
        """The session is gone. Calls under way learn it from their own exchanges, and whether they
        may have been served; so the channel ends after them."""
        self._standing.gone()
        self._gone = True
        if not self._exchanges:
            self.lose(GONE_REASON)

    def lose(self, reason: str) -> None:
        """Nothing comes any more; the first reason given is what readers are told."""
        self.exit_reason = self.exit_reason or reason
        self._closed = True
        self._standing.end()
        self._into.close()
        self._frames.close()


def _method(frame: bytes) -> str:
    message = loads(frame)
    method = message.get("method") if is_object(message) else None
    return method if isinstance(method, str) else "a response"
