"""One request over Streamable HTTP and all that becomes of it, to its answer or its failure.

Rules of this file:
- It runs in its caller's task, and a cancelled caller closes the response.
- Where there is a session, a stream that ends without the answer is resumed after the last event
  that came (MCP 2025-11-25, basic/transports, "Resumability and Redelivery"). A server that keeps
  its connection is given the pause it asks for; one whose connection broke is tried at once.
- A request is sent again only to a server that promised to serve it once (`Standing.resends`).
- Sending again is called safe only if nothing of the request can have arrived.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any
from uuid import uuid4

import anyio
from attrs import define, field
from zcp_kernel.errors import ConnectionLost, ParseError, RateLimited, SessionLost
from zcp_kernel.jsontext import is_list, is_object, loads

from ..sse import Event
from .http import HTTPClient, HTTPResponse, Unreachable
from .refusals import is_answer, refusal
from .standing import Standing
from .streams import (
    MAX_MESSAGE_BYTES,
    Cursor,
    Patience,
    TooLarge,
    backoff_seconds,
    read_events,
)

__all__ = ["Deliver", "Exchange", "Line"]

log = logging.getLogger("zcp.http")

Deliver = Callable[[bytes], None]

MAX_RESUMES = 6
"""How often in a row a stream is resumed that brings nothing new."""

LINGER_SECONDS = 0.1
"""How long the end of a stream may come after its answer, for the connection to be used again."""

MAX_REFUSAL_BYTES = 64 * 1024 * 1024
MAX_WAIT_SECONDS = 30.0
SERVER_ERRORS = 500


@define(eq=False)
class Line:
    """What all exchanges of a channel share. `least_silence` is in seconds, see `Patience`."""

    http: HTTPClient
    url: str
    standing: Standing
    least_silence: float


@define(eq=False)
class Exchange:
    """See the rules above. `opening`: the request opens a session, if the server keeps any."""

    line: Line
    frame: bytes
    request: dict[str, Any]
    headers: Mapping[str, str]
    deliver: Deliver
    opening: bool = False
    answered: bool = field(default=False, init=False)
    _cursor: Cursor = field(factory=Cursor, init=False)
    _key: str | None = field(default=None, init=False)
    _sent: bool = field(default=False, init=False)
    _why: str = field(default="", init=False)

    async def run(self) -> None:
        """Raises as `zcp_kernel.contracts.ExchangeChannel.exchange` does."""
        barren = 0
        while True:
            before = self._cursor.id
            pause = await self._attempt(barren)
            if self.answered:
                return
            barren = 0 if self._cursor.id != before else barren + 1
            if barren > MAX_RESUMES or not self._resumable:
                raise self._lost()
            await anyio.sleep(pause)

    async def _attempt(self, failures: int) -> float:
        """Send the request or resume its stream; returns the pause in seconds before the next."""
        try:
            async with self._response() as response:
                self._sent = True
                if response.status >= 400:
                    return await self._refused(response, failures)
                if self.opening:
                    self.line.standing.opened(response)
                await self._read(response)
                self._why = "the server ended its response without an answer"
                if self._cursor.id is None and not self.answered:
                    # It meant to: sending again would bring the same.
                    raise self._lost()
                return self._cursor.retry_ms / 1000
        except Unreachable as error:
            self._why = f"the server cannot be reached: {error}"
            if not self._sent:
                raise self._lost(retryable=True) from error
            if error.refused:
                raise self._lost() from error
        except TooLarge as error:
            self._why = str(error)
            raise self._lost() from error
        except OSError as error:
            self._sent = True
            self._why = f"the connection broke: {error}"
        return backoff_seconds(failures) if failures else 0.0

    def _response(self) -> AbstractAsyncContextManager[HTTPResponse]:
        line = self.line
        if self._cursor.id is not None:
            again = line.standing.fields({"last-event-id": self._cursor.field})
            again.pop("content-type", None)
            return line.http.request("GET", line.url, again)
        fields = line.standing.fields(self.headers, anew=self.opening)
        if line.standing.resends:
            self._key = self._key or uuid4().hex
            fields["idempotency-key"] = f'"{self._key}"'
        return line.http.request("POST", line.url, fields, self.frame)

    @property
    def _resumable(self) -> bool:
        standing = self.line.standing
        return standing.lasting and (self._cursor.id is not None or self._key is not None)

    def _lost(self, *, retryable: bool = False) -> ConnectionLost:
        return ConnectionLost(f"{self.request['method']}: {self._why}", retryable=retryable)

    # -- refused -----------------------------------------------------------------------------------

    async def _refused(self, response: HTTPResponse, failures: int) -> float:
        body = await response.read(MAX_REFUSAL_BYTES)
        session = not self.opening and self.line.standing.session_id is not None
        error = refusal(
            self.request["method"],
            response.status,
            response.headers,
            body,
            self.request["id"],
            session=session,
        )
        if error is None:
            self._take(body)
            return 0.0
        if isinstance(error, SessionLost):
            self.line.standing.gone()
        if self._cursor.id is None:
            raise error
        if isinstance(error, SessionLost):
            gone = f"{error.message}, and with it what the call came to"
            raise SessionLost(gone, retryable=False)
        self._why = f"its stream could not be resumed: {error.message}"
        if isinstance(error, RateLimited):
            return min(error.retry_after or backoff_seconds(failures), MAX_WAIT_SECONDS)
        if response.status < SERVER_ERRORS:
            raise self._lost()
        return backoff_seconds(failures)

    # -- read --------------------------------------------------------------------------------------

    async def _read(self, response: HTTPResponse) -> None:
        if not response.is_stream:
            body = await response.read(MAX_MESSAGE_BYTES + 1)
            if len(body) > MAX_MESSAGE_BYTES:
                raise TooLarge
            if body:
                self._take(body)
            return
        patience = Patience(self.line.least_silence)
        async with aclosing(read_events(response, patience)) as events:
            async for event in events:
                self._take_event(event)
                if self.answered:
                    await self._linger(events)
                    return

    async def _linger(self, events: AsyncIterator[Event]) -> None:
        with anyio.move_on_after(LINGER_SECONDS):
            try:
                async for event in events:
                    self._take_event(event)
            except (OSError, TooLarge) as error:
                # The answer is there; how its connection ends does not matter any more.
                log.debug("after its answer: %s", error)

    def _take_event(self, event: Event) -> None:
        self._cursor.note(event)
        if not event.data or event.name != "message":
            return
        try:
            self._hand_on(event.data)
        except ParseError as error:
            log.warning("ignored an event of %s: %s", self.line.url, error.message)

    def _take(self, body: bytes) -> None:
        try:
            self._hand_on(body)
        except ParseError as error:
            self._why = f"the server's answer cannot be read: {error.message}"
            raise self._lost() from error

    def _hand_on(self, frame: bytes) -> None:
        message = loads(frame)
        parts = message if is_list(message) else [message]
        if any(is_answer(part, self.request["id"]) for part in parts):
            self.answered = True
        if is_object(message) or is_list(message):
            self.deliver(frame)
