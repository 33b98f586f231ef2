"""The client's end of Streamable HTTP, over any `HTTPClient`.

Rules of this file:
- Every request is a POST in a task of its own, so calls run side by side; a notification or an
  answer is sent where `send` is awaited, so their order is kept.
- Whoever waits for an answer gets one: a response without it becomes an error under the request's
  id; a session the server no longer knows ends the channel.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup
from zcp_kernel.errors import ParseError
from zcp_kernel.jsontext import dumps, is_list, is_object, loads

from ..sse import Event, EventParser
from .http import HTTPClient, HTTPResponse

__all__ = ["StreamableChannel", "streamable_channel"]

CLOSE_SECONDS = 2.0
DEFAULT_RETRY_MS = 1000
MAX_RESUMES = 5
"""How often in a row a stream is resumed that brings nothing new."""
BUFFER = 16
INTERNAL_ERROR = -32603
OUR_FIELDS = {
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
}


@asynccontextmanager
async def streamable_channel(
    http: HTTPClient, url: str, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[StreamableChannel]:
    """A channel to the endpoint at `url`; leaving ends the session. `headers` go with every
    request."""
    async with anyio.create_task_group() as tasks:
        channel = StreamableChannel(http, url, tasks, headers or {})
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


class _Cursor:
    """Where a stream can be resumed."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.retry_ms = DEFAULT_RETRY_MS

    def note(self, event: Event) -> None:
        self.id = event.id or self.id
        self.retry_ms = self.retry_ms if event.retry is None else event.retry


class StreamableChannel:
    """Implements `zcp_kernel.contracts.Channel`."""

    def __init__(
        self, http: HTTPClient, url: str, tasks: TaskGroup, headers: Mapping[str, str]
    ) -> None:
        self.exit_reason: str | None = None
        self._http = http
        self._url = url
        self._tasks = tasks
        self._headers = {**headers, **OUR_FIELDS}
        self._session: dict[str, str] = {}
        self._into, self._frames = anyio.create_memory_object_stream[bytes](BUFFER)
        self._closed = False

    async def receive(self) -> bytes:
        """The next frame. Raises `anyio.EndOfStream` when the session is no more."""
        try:
            return await self._frames.receive()
        except anyio.ClosedResourceError:
            raise anyio.EndOfStream from None

    async def send(self, frame: bytes) -> None:
        """Send one frame. Raises `anyio.BrokenResourceError` when the session is no more."""
        if self._closed:
            raise anyio.BrokenResourceError
        message = loads(frame)
        method = message.get("method") if is_object(message) else None
        if method is not None and "id" in message:
            self._tasks.start_soon(self._ask, frame, message["id"], method)
            return
        await self._tell(frame)
        if isinstance(method, str) and method.endswith("initialized"):
            self._tasks.start_soon(self._listen)

    async def aclose(self) -> None:
        """End the session. Idempotent."""
        if self._closed:
            return
        session, self._session = self._session, {}
        self.lose("closed by the client")
        if session:
            try:
                async with self._http.request("DELETE", self._url, {**self._headers, **session}):
                    return
            except OSError:
                # The server is gone, and the session with it.
                return

    def lose(self, reason: str) -> None:
        """Nothing goes either way any more; the first reason given is what readers are told."""
        self.exit_reason = self.exit_reason or reason
        self._closed = True
        self._into.close()
        self._frames.close()

    async def _deliver(self, frame: bytes) -> None:
        try:
            await self._into.send(frame)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            # Nobody reads any more.
            return

    # -- messages that are owed nothing --------------------------------------------------------

    async def _tell(self, frame: bytes) -> None:
        try:
            async with self._http.request("POST", self._url, self._fields(), frame) as response:
                if response.status == 404 and self._session:
                    self.lose("the server no longer knows the session")
                    raise anyio.BrokenResourceError
        except OSError as error:
            self.lose(f"the server cannot be reached: {error}")
            raise anyio.BrokenResourceError from None

    def _fields(self) -> dict[str, str]:
        return {**self._headers, **self._session}

    # -- requests ------------------------------------------------------------------------------

    async def _ask(self, frame: bytes, request_id: Any, method: str) -> None:
        problem = "the server ended its response without an answer"
        opening = method == "initialize"
        fields = dict(self._headers) if opening else self._fields()
        cursor = _Cursor()
        try:
            async with self._http.request("POST", self._url, fields, frame) as response:
                if opening:
                    self._opened(response)
                if response.status >= 400:
                    return await self._refused(response, request_id, opening)
                if await self._read(response, cursor, request_id, opening):
                    return None
            if await self._resumed(cursor, request_id):
                return None
        except OSError as error:
            problem = f"the server cannot be reached: {error}"
        return await self._fail(request_id, problem)

    def _opened(self, response: HTTPResponse) -> None:
        names = ("mcp-session-id", "x-zcp-session")
        self._session = {name: response.headers[name] for name in names if name in response.headers}

    async def _refused(self, response: HTTPResponse, request_id: Any, opening: bool) -> None:
        body = await response.read()
        try:
            message = loads(body)
        except ParseError:
            message = None
        error = message.get("error") if is_object(message) else None
        if is_object(message) and is_object(error) and message.get("id") == request_id:
            return await self._deliver(body)
        if response.status == 404 and self._session and not opening:
            return self.lose("the server no longer knows the session")
        said = error.get("message") if is_object(error) else None
        return await self._fail(request_id, f"HTTP {response.status}: {said or 'no reason given'}")

    async def _fail(self, request_id: Any, message: str) -> None:
        error = {"code": INTERNAL_ERROR, "message": message}
        await self._deliver(dumps({"jsonrpc": "2.0", "id": request_id, "error": error}))

    async def _read(
        self, response: HTTPResponse, cursor: _Cursor, request_id: Any, opening: bool = False
    ) -> bool:
        """Hand on what the response brings; whether the answer was in it."""
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            frame = await response.read()
            return bool(frame) and await self._take(frame, request_id, opening)
        answered, parser = False, EventParser()
        async for chunk in response.chunks:
            for event in parser.feed(chunk):
                cursor.note(event)
                if event.data and event.name == "message":
                    answered |= await self._take(event.data, request_id, opening)
        return answered

    async def _take(self, frame: bytes, request_id: Any, opening: bool) -> bool:
        answered = False
        if request_id is not None:
            message = loads(frame)
            parts = message if is_list(message) else [message]
            found = [each for each in parts if is_object(each) and _answers(each, request_id)]
            answered = bool(found)
            if opening and found:
                self._speak(found[0].get("result"))
        await self._deliver(frame)
        return answered

    def _speak(self, result: Any) -> None:
        version = result.get("protocolVersion") if is_object(result) else None
        if isinstance(version, str) and version.isascii():
            self._headers["mcp-protocol-version"] = version

    # -- streams that are resumed, and the one for what the server says by itself --------------

    async def _resumed(self, cursor: _Cursor, request_id: Any) -> bool:
        for _ in range(MAX_RESUMES):
            if cursor.id is None or self._closed:
                return False
            await anyio.sleep(cursor.retry_ms / 1000)
            fields = {**self._fields(), "last-event-id": cursor.id}
            async with self._http.request("GET", self._url, fields) as response:
                if response.status >= 400:
                    return False
                if await self._read(response, cursor, request_id):
                    return True
        return False

    async def _listen(self) -> None:
        cursor, barren = _Cursor(), 0
        while not self._closed and barren < MAX_RESUMES:
            fields = self._fields()
            if cursor.id is not None:
                fields["last-event-id"] = cursor.id
            seen = cursor.id
            try:
                async with self._http.request("GET", self._url, fields) as response:
                    if response.status == 404:
                        return self.lose("the server no longer knows the session")
                    if response.status >= 400 and seen is None:
                        # No stream to be had (405): all the server says comes with answers.
                        return None
                    if response.status >= 400:
                        cursor = _Cursor()
                    else:
                        await self._read(response, cursor, None)
            except OSError:
                seen = cursor.id
            barren = barren + 1 if cursor.id == seen else 0
            await anyio.sleep(cursor.retry_ms / 1000)
        return None


def _answers(message: dict[str, Any], request_id: Any) -> bool:
    return message.get("id") == request_id and ("result" in message or "error" in message)
