"""What a server sends, handed to those it is for."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

import anyio

from ....contracts import Message
from ....errors import ParseError
from ....jsontext import is_list, is_object, loads
from ...remote import remote_error
from ...sparing import SparingLog
from .calls import Call

log = logging.getLogger("zcp.client")

Serve = Callable[[str, Any], Awaitable[dict[str, Any] | None]]
"""Method and params of a server's request in, the response's `result` or `error` member out, None
where none is owed."""


class Spawn(Protocol):
    def __call__(self, work: Callable[[], Awaitable[Any]], *, name: str) -> None: ...


class Incoming:
    """Takes frames: answers go to their calls, requests to `serve`, notifications to `notice`."""

    def __init__(
        self, calls: dict[int, Call], spawn: Spawn, tell: Callable[[Message], Awaitable[None]]
    ) -> None:
        self.serve: Serve | None = None
        self.notice: Callable[[str, Any], None] | None = None
        self.log = SparingLog(log)
        self._calls = calls
        self._spawn = spawn
        self._tell = tell
        self._serving: dict[str | int, anyio.CancelScope] = {}
        self._awaited: anyio.Event | None = None

    def stop(self) -> None:
        """Nobody is there to be answered any more."""
        for scope in self._serving.values():
            scope.cancel()

    def deliver(self, frame: bytes) -> None:
        """Take a frame of the server's."""
        try:
            message = loads(frame)
        except ParseError as error:
            self.log.warning("ignored a frame of the server: %s", error)
            return
        for part in message if is_list(message) else (message,):
            self._take_one(part)

    def _take_one(self, message: Any) -> None:
        if not is_object(message):
            self.log.warning("ignored a frame of the server: no JSON-RPC message")
            return
        method = message.get("method")
        if "result" in message or "error" in message:
            self._answered(message)
        elif not isinstance(method, str):
            self.log.warning("ignored a frame of the server: no JSON-RPC message")
        elif type(message.get("id")) in (str, int):
            self._spawn(partial(self._serve, message), name=f"zcp.client {method}")
        elif self.notice is not None:
            self.notice(method, message.get("params"))

    def _answered(self, message: Message) -> None:
        number = message.get("id")
        call = self._calls.pop(number, None) if type(number) is int else None
        if call is None:
            if number is None:
                self.log.warning("the server refused a frame: %s", message.get("error"))
            return
        if "error" in message:
            call.error = remote_error(message["error"])
        else:
            call.result = message["result"]
        call.answered.set()
        if self._awaited is not None:
            self._awaited.set()
            self._awaited = None

    async def answer_within(self, seconds: float) -> bool:
        """Wait until the server answers any call, so long at most; whether it did."""
        awaited = self._awaited = self._awaited or anyio.Event()
        with anyio.move_on_after(seconds):
            await awaited.wait()
        return awaited.is_set()

    async def _serve(self, message: Message) -> None:
        request_id, method = message["id"], message["method"]
        with anyio.CancelScope() as scope:
            self._serving[request_id] = scope
            try:
                assert self.serve is not None
                answer = await self.serve(method, message.get("params"))
            finally:
                self._serving.pop(request_id, None)
            if answer is not None:
                await self._tell({"id": request_id, **answer})

    def stop_serving(self, request_id: Any) -> None:
        """The server no longer wants this answer."""
        scope = self._serving.get(request_id)
        if scope is not None:
            scope.cancel()

    def progressed(self, token: Any) -> None:
        """The server is at work on the call whose progress has this token."""
        call = self._calls.get(token) if type(token) is int else None
        if call is not None:
            call.heard_of()
