"""One connection of a client: JSON-RPC over a channel, from its opening to its end.

Rules of this file:
- The channel is opened, read and closed by one task of the connection's own supervisor.
- Every call is in `_calls` until it is answered, given up, or the channel ends; whoever takes it
  out of there decides its outcome. So no call waits for an answer that cannot come.
- A connection ends once. The session makes another.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import anyio
from anyio import BrokenResourceError, ClosedResourceError, EndOfStream

from ..._core.asking import single_cause
from ..._core.remote import remote_error
from ..._core.supervisor import Supervisor
from ...contracts import Channel, Message
from ...errors import (
    ConnectionLost,
    DeadlineExceeded,
    ParseError,
    RequestCancelled,
)
from ...jsontext import dumps, is_list, is_object, loads
from .calls import Call, why_gone, with_token
from .notices import Notices

log = logging.getLogger("zcp.client")

Connect = Callable[[], AbstractAsyncContextManager[Channel]]
Serve = Callable[[str, Any], Awaitable[dict[str, Any]]]
"""Method and params of a server's request in, the response's `result` or `error` member out."""

_GONE = (BrokenResourceError, ClosedResourceError, EndOfStream)


class Connection:
    """Carries requests and notifications both ways; see the rules above."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.serve: Serve | None = None
        self.notice: Callable[[str, Any], None] | None = None
        self.encode_cancel: Callable[[int, str], Message | None] | None = None
        self.notices = Notices()
        self.progress: dict[int, Callable[..., Any]] = {}
        self.ended = False
        self._supervisor = Supervisor("zcp.client")
        self._channel: Channel | None = None
        self._calls: dict[int, Call] = {}
        self._last_id = 0
        self._serving: dict[str | int, anyio.CancelScope] = {}
        self._opened = anyio.Event()
        self._finished = anyio.Event()
        self._reading = anyio.CancelScope()
        self._closing = False
        self._failure: BaseException | None = None

    @property
    def in_flight(self) -> dict[int, str]:
        """Id and method of every call that waits for its answer."""
        return {number: call.method for number, call in self._calls.items()}

    # -- opening and ending ------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect. Raises what the transport raises, as the one real cause."""
        await self._supervisor.start()
        self._supervisor.spawn(self._tell_handlers, name="zcp.client.notices")
        self._supervisor.spawn(self._run, name="zcp.client.connection")
        try:
            await self._opened.wait()
        except BaseException:
            self._supervisor.cancel()
            raise
        if self._channel is None:
            failure = self._failure or ConnectionLost("the connection was closed while it opened")
            await self._supervisor.aclose()
            raise failure

    async def aclose(self) -> None:
        """Close and wait until the transport let go. Idempotent, legal from any task."""
        self._closing = True
        if self._opened.is_set():
            self._reading.cancel()
            await self._finished.wait()
        await self._supervisor.aclose()

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
        for scope in self._serving.values():
            scope.cancel()

    # -- frames in ---------------------------------------------------------------------------------

    async def _read(self, channel: Channel) -> None:
        while True:
            try:
                frame = await channel.receive()
                self._take(loads(frame))
            except ParseError as error:
                log.warning("ignored a frame of the server: %s", error)
            except _GONE:
                return

    def _take(self, message: Any) -> None:
        if is_list(message):
            for part in message:
                self._take_one(part)
        else:
            self._take_one(message)

    def _take_one(self, message: Any) -> None:
        if not is_object(message):
            log.warning("ignored a frame of the server: no JSON-RPC message")
            return
        method = message.get("method")
        if "result" in message or "error" in message:
            self._answered(message)
        elif not isinstance(method, str):
            log.warning("ignored a frame of the server: no JSON-RPC message")
        elif type(message.get("id")) in (str, int):
            if self._supervisor.running:
                self._supervisor.spawn(partial(self._serve, message), name=f"zcp.client {method}")
        elif self.notice is not None:
            self.notice(method, message.get("params"))

    def _answered(self, message: Message) -> None:
        number = message.get("id")
        call = self._calls.pop(number, None) if type(number) is int else None
        if call is None:
            if number is None:
                log.warning("the server refused a frame: %s", message.get("error"))
            return
        if "error" in message:
            call.fail(remote_error(message["error"]))
        else:
            call.result = message["result"]
            call.answered.set()

    async def _serve(self, message: Message) -> None:
        request_id, method = message["id"], message["method"]
        with anyio.CancelScope() as scope:
            self._serving[request_id] = scope
            try:
                assert self.serve is not None
                answer = await self.serve(method, message.get("params"))
            finally:
                self._serving.pop(request_id, None)
            await self.tell({"id": request_id, **answer})

    def stop_serving(self, request_id: Any) -> None:
        """The server no longer wants this answer."""
        scope = self._serving.get(request_id)
        if scope is not None:
            scope.cancel()

    # -- frames out --------------------------------------------------------------------------------

    async def ask(
        self,
        method: str,
        params: dict[str, Any] | None,
        *,
        repeatable: bool = False,
        timeout: float | None = None,
        progress: Callable[..., Any] | None = None,
    ) -> Any:
        """Send a request and wait for its result.

        Raises `RemoteError`, `ConnectionLost`, `DeadlineExceeded` after `timeout` seconds,
        `RequestCancelled`. A cancelled wait tells the server to stop.
        """
        number = self._last_id = self._last_id + 1
        message: Message = {"jsonrpc": "2.0", "id": number, "method": method}
        if progress is not None:
            params = with_token(params, number)
            self.progress[number] = progress
        if params is not None:
            message["params"] = params
        call = Call(method, repeatable)
        try:
            await self._exchange(call, number, message, timeout)
        finally:
            self.progress.pop(number, None)
            if self._calls.pop(number, None) is not None:
                self._give_up(number, "the caller no longer waits")
        if call.error is not None:
            raise call.error
        if not call.answered.is_set():
            raise DeadlineExceeded(f"{method}: no answer within {timeout:g} s")
        return call.result

    async def _exchange(
        self, call: Call, number: int, message: Message, timeout: float | None
    ) -> None:
        if timeout is not None:
            with anyio.move_on_after(timeout):
                await self._exchange(call, number, message, None)
            return
        if self.ended or self._channel is None:
            raise ConnectionLost(f"{call.method}: the connection has ended")
        frame = dumps(message)
        self._calls[number] = call
        try:
            await self._channel.send(frame)
        except _GONE:
            self._calls.pop(number, None)
            raise ConnectionLost(f"{call.method}: {why_gone(self._channel)}") from None
        call.sent = True
        await call.answered.wait()
        await self.notices.catch_up()

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
        if message is not None and not self.ended and self._supervisor.running:
            self._supervisor.spawn(partial(self.tell, message), name="zcp.client.cancel")

    async def tell(self, message: Message) -> None:
        """Send a message that is owed no answer; one to a server that is gone is dropped."""
        if self._channel is None or self.ended:
            return
        try:
            await self._channel.send(dumps({"jsonrpc": "2.0", **message}))
        except _GONE:
            log.debug("not sent, the server is gone: %s", message.get("method", "a response"))
