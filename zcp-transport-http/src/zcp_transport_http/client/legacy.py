"""The client's end of HTTP+SSE (MCP 2024-11-05), over any `HTTPClient`.

Everything the server says, answers included, comes on one stream, and is handed on in its order by
whoever reads that: `receive` gives answers to the exchanges that wait for them as it meets them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import anyio
from attrs import define, field
from zcp_kernel.errors import ConnectionLost, ExchangeRefused, ParseError
from zcp_kernel.jsontext import loads

from ..sse import Event
from .exchange import Deliver
from .http import HTTPClient, Unreachable
from .refusals import is_answer, refusal
from .streams import MIN_SILENCE_SECONDS, Patience, TooLarge, read_events

__all__ = ["SSEChannel", "sse_channel"]

ENDPOINT_SECONDS = 30.0
MAX_REFUSAL_BYTES = 64 * 1024
OK, METHOD_NOT_ALLOWED = 200, 405


@asynccontextmanager
async def sse_channel(
    http: HTTPClient,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    least_silence: float = MIN_SILENCE_SECONDS,
) -> AsyncGenerator[SSEChannel]:
    """A channel to the event stream at `url`; leaving closes it, and the session with it.

    `least_silence` is in seconds, see `Patience`. Raises `ConnectionLost` if there is no such
    stream, if it does not say where to post to, or names a place of another origin.
    """
    async with AsyncExitStack() as stack:
        try:
            channel = await _opened(stack, http, url, headers or {}, least_silence)
        except Unreachable as error:
            raise ConnectionLost(f"the server cannot be reached: {error}") from error
        except OSError as error:
            raise ConnectionLost(f"the connection broke: {error}") from error
        stack.callback(channel.lose, "closed by the client")
        yield channel


async def _opened(
    stack: AsyncExitStack,
    http: HTTPClient,
    url: str,
    headers: Mapping[str, str],
    least_silence: float,
) -> SSEChannel:
    fields = {**headers, "accept": "text/event-stream"}
    response = await stack.enter_async_context(http.request("GET", url, fields))
    if response.status != OK or not response.is_stream:
        body = await response.read(MAX_REFUSAL_BYTES)
        status = response.status
        # No body answers a GET: an error without an id is the refusal itself.
        problem = refusal(url, status, response.headers, body, object(), session=False)
        if problem is None or status < 400:
            raise _no_stream(f"{url}: HTTP {status} where a stream should be")
        raise problem
    events = read_events(response, Patience(least_silence))
    await stack.enter_async_context(aclosing(events))
    return SSEChannel(http, await _endpoint(url, events), events, headers)


async def _endpoint(url: str, events: AsyncIterator[Event]) -> str:
    try:
        with anyio.fail_after(ENDPOINT_SECONDS):
            async for event in events:
                if event.name == "endpoint":
                    return _same_origin(url, urljoin(url, event.data.decode("utf-8", "replace")))
    except TimeoutError:
        raise _no_stream(f"{url}: the stream does not say where to post to") from None
    raise _no_stream(f"{url}: the stream ended before it said where to post to")


def _same_origin(url: str, target: str) -> str:
    if urlsplit(target)[:2] != urlsplit(url)[:2]:
        raise _no_stream(
            f"{url}: posts were to go to another origin, {target}; credentials would go there, too"
        )
    return target


def _no_stream(message: str) -> ConnectionLost:
    return ConnectionLost(message, retryable=False)


@define(eq=False)
class _Waiting:
    """A request whose answer is to come on the stream."""

    id: Any
    deliver: Deliver
    over: anyio.Event = field(factory=anyio.Event)
    answered: bool = False


class SSEChannel:
    """Implements `zcp_kernel.contracts.ExchangeChannel`; it ends with its stream."""

    def __init__(
        self,
        http: HTTPClient,
        target: str,
        events: AsyncIterator[Event],
        headers: Mapping[str, str],
    ) -> None:
        self.exit_reason: str | None = None
        self._http = http
        self._target = target
        self._events = events
        self._headers = {**headers, "content-type": "application/json"}
        self._waiting: list[_Waiting] = []
        self._shaken = False
        self._closed = False

    def agree(self, headers: Mapping[str, str], *, session: bool) -> None:
        """See `zcp_kernel.contracts.ExchangeChannel`; the stream is open already."""
        self._headers = {**self._headers, **headers}

    async def receive(self) -> bytes:
        """The next frame that is no answer an exchange waits for. Raises `anyio.EndOfStream` when
        the stream has ended."""
        try:
            async for event in self._events:
                if event.name == "message" and event.data and not self._answers(event.data):
                    return event.data
            self.lose("the server ended its stream")
        except (OSError, TooLarge) as error:
            self.lose(f"the connection broke: {error}")
        raise anyio.EndOfStream

    def _answers(self, frame: bytes) -> bool:
        try:
            message = loads(frame)
        except ParseError:
            return False
        for waiting in self._waiting:
            if is_answer(message, waiting.id):
                waiting.answered = True
                waiting.deliver(frame)
                waiting.over.set()
                return True
        return False

    async def exchange(self, frame: bytes, headers: Mapping[str, str], deliver: Deliver) -> None:
        """See `zcp_kernel.contracts.ExchangeChannel`; needs somebody who awaits `receive`."""
        request = loads(frame)
        method = request["method"]
        if self._closed:
            raise ConnectionLost(f"{method}: {self.exit_reason}", retryable=True)
        if not self._shaken and method != "initialize":
            # What stateless revisions ask would never learn that its caller gave up: it could not
            # be told by closing a response, which is how they are told.
            said = f"{method}: HTTP+SSE carries sessions alone, and none is open"
            raise ExchangeRefused(said, status=METHOD_NOT_ALLOWED)
        self._shaken = True
        waiting = _Waiting(request["id"], deliver)
        self._waiting.append(waiting)
        try:
            await self._post_request(frame, headers, method, waiting)
            await waiting.over.wait()
        finally:
            self._waiting.remove(waiting)
        if not waiting.answered:
            raise ConnectionLost(f"{method}: {self.exit_reason}", retryable=False)

    async def _post_request(
        self, frame: bytes, headers: Mapping[str, str], method: str, waiting: _Waiting
    ) -> None:
        fields = {**self._headers, **headers}
        try:
            async with self._http.request("POST", self._target, fields, frame) as response:
                body = await response.read(MAX_REFUSAL_BYTES)
            if response.status < 400:
                return
            status, said = response.status, response.headers
            problem = refusal(method, status, said, body, waiting.id, session=True)
        except Unreachable as error:
            message = f"{method}: the server cannot be reached: {error}"
            raise ConnectionLost(message, retryable=True) from error
        except OSError as error:
            if method == "initialize":
                # A session nobody uses ends with its stream: rather another than a long wait.
                raise ConnectionLost(f"{method}: {error}", retryable=True) from error
            # It may have arrived; if so, the stream will bring the answer.
            return
        if problem is not None:
            raise problem
        waiting.answered = True
        waiting.deliver(body)
        waiting.over.set()

    async def send(self, frame: bytes) -> None:
        """Post a notification or a response. Raises `anyio.BrokenResourceError` when the server
        refuses it, as it does when the stream is gone."""
        if self._closed:
            raise anyio.BrokenResourceError
        try:
            async with self._http.request("POST", self._target, self._headers, frame) as response:
                await response.read()
                if response.status >= 400:
                    raise anyio.BrokenResourceError
        except OSError:
            raise anyio.BrokenResourceError from None

    def lose(self, reason: str) -> None:
        """Nothing comes any more: whoever waits for an answer learns of it."""
        self.exit_reason = self.exit_reason or reason
        self._closed = True
        for waiting in self._waiting:
            waiting.over.set()

    async def aclose(self) -> None:
        """Send nothing more; the stream is closed by leaving `sse_channel`."""
        self.lose("closed by the client")
