"""The server's end of one connection: frames in, frames out, no I/O of its own."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio
from attrs import define, field

from ..errors import (
    ConnectionLost,
    InvalidParams,
    InvalidRequest,
    MethodNotFound,
    MissingCapability,
    ParseError,
    RemoteError,
    ZCPError,
)
from ..jsontext import dumps, loads, salvage
from ..model import Capabilities, Cancelled, Implementation, InitializeParams
from .asking import CAPABILITY_OF
from .exchange import Batch, Exchange, Reply, error_frame

if TYPE_CHECKING:
    from ..contracts import Channel, Match, Message, Revision
    from ..security import Principal
    from .kernel import Kernel


@define(slots=True)
class SessionState:
    """What was agreed and what was left: the facts of a session."""

    client_info: Implementation | None = None
    capabilities: Capabilities = field(factory=Capabilities)
    log_level: str = "info"
    subscriptions: set[str] = field(factory=set)
    initialized: bool = False
    data: dict[str, Any] = field(factory=dict)


class _Pending:
    """A request of ours the client has yet to answer."""

    __slots__ = ("answer", "arrived", "error")

    def __init__(self) -> None:
        self.arrived = anyio.Event()
        self.answer: Any = None
        self.error: ZCPError | None = None


class ZCPServerSession:
    """One client of a server.

    A transport hands every frame to `receive` and runs the exchange it gets back; frames the
    session sends by itself go to `channel`, those that belong to one request to the channel that
    request came with.
    """

    def __init__(self, kernel: Kernel, channel: Channel, principal: Principal) -> None:
        self.kernel = kernel
        self.channel = channel
        self.principal = principal
        self.id = secrets.token_urlsafe(16)
        self.state = SessionState()
        self.revision: Revision | None = None
        self.offers_handles = False
        self.inflight: dict[str | int, Exchange] = {}
        self._routes: Mapping[str, Any] = {}
        self._pending: dict[int, _Pending] = {}
        self._last_id = 0
        self._outbox: deque[tuple[Channel, Any]] = deque()
        self._posting = False
        self._closed = False

    @property
    def owner(self) -> str:
        """Whom tasks and handles made here belong to: this session."""
        return f"session:{self.id}"

    @property
    def surface(self) -> str:
        """The dialect spoken here; exposure defaults go by it."""
        return self.revision.dialect if self.revision is not None else ""

    @property
    def has_posts(self) -> bool:
        """Whether something posted still waits to be sent."""
        return bool(self._outbox)

    # -- frames in --------------------------------------------------------------------------------

    def receive(
        self,
        frame: bytes,
        related: Channel | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange | Reply | Batch | None:
        """Take one frame; returns what must be run for its answer, None if none is due.

        Notifications, responses and `initialize` take effect here and now, in the order of the
        frames. Never raises on anything a peer may send.
        """
        try:
            message = loads(frame)
        except ParseError as error:
            return self._unreadable(frame, error)
        if type(message) is dict:
            return self._message(message, related, headers)
        if type(message) is list and self.revision is not None and self.revision.allows_batch:
            return self._batch(message, related, headers)
        return self.refusal(None, InvalidRequest("invalid: one JSON-RPC object per frame"))

    def _unreadable(self, frame: bytes, error: ZCPError) -> Reply:
        message = salvage(frame)
        request_id = message.get("id") if isinstance(message, dict) else None
        return self.refusal(request_id, error)

    def refusal(self, request_id: Any, error: ZCPError) -> Reply:
        """An error answer to something that never became an exchange."""
        if type(request_id) not in (str, int):
            request_id = None
        return Reply(error_frame(request_id, self._error(None, error)))

    def _batch(
        self, messages: list[Any], related: Channel | None, headers: Mapping[str, str] | None
    ) -> Reply | Batch | None:
        if not messages:
            return self.refusal(None, InvalidRequest("invalid: an empty batch"))
        parts = []
        for message in messages:
            if type(message) is not dict or message.get("method") == "initialize":
                request_id = message.get("id") if isinstance(message, dict) else None
                parts.append(
                    self.refusal(request_id, InvalidRequest("invalid: not allowed in a batch"))
                )
            elif (part := self._message(message, related, headers)) is not None:
                parts.append(part)
        return Batch(parts) if parts else None

    def _message(
        self, message: Message, related: Channel | None, headers: Mapping[str, str] | None
    ) -> Exchange | Reply | None:
        request_id = message.get("id")
        method = message.get("method")
        if message.get("jsonrpc") != "2.0" or not (method is None or type(method) is str):
            return self.refusal(request_id, InvalidRequest("invalid: not a JSON-RPC 2.0 message"))
        if method is None:
            return self._answered(message)
        if "id" not in message:
            self._notified(method, message.get("params"))
            return None
        if type(request_id) not in (str, int):
            return self.refusal(None, InvalidRequest("invalid: id must be a string or an integer"))
        if request_id in self.inflight:
            return self.refusal(request_id, InvalidRequest("invalid: this id is still in use"))
        route = self._routes.get(method) if self.revision is not None else None
        if route is None:
            return self._unrouted(message, method, request_id, headers)
        exchange = Exchange(self, request_id, route, message.get("params"), related)
        self.inflight[request_id] = exchange
        return exchange

    def _unrouted(
        self, message: Message, method: str, request_id: Any, headers: Mapping[str, str] | None
    ) -> Reply:
        match = self.kernel.classify(message, headers) if self.revision is None else None
        if match is not None and match.handshake:
            return self._handshake(message, request_id, match)
        if self.revision is None:
            return self.refusal(
                request_id, InvalidRequest("invalid: send initialize before anything else")
            )
        if method == "initialize":
            return self.refusal(request_id, InvalidRequest("invalid: already initialized"))
        return self.refusal(request_id, MethodNotFound(method))

    def _handshake(self, message: Message, request_id: Any, match: Match) -> Reply:
        codec = match.revision.requests["initialize"]
        try:
            params: InitializeParams = codec.decode_params(message.get("params"))
        except ZCPError as error:
            return self.refusal(request_id, error)
        self.revision = match.revision
        self._routes = self.kernel.routes(match.revision)
        self.offers_handles = any(
            route.operation == "handles/read" for route in self._routes.values()
        )
        self.state.client_info = params.client_info
        self.state.capabilities = params.capabilities
        result = codec.encode_result(self.kernel.introduction(match.revision))
        return Reply(dumps({"jsonrpc": "2.0", "id": request_id, "result": result}))

    def _notified(self, method: str, params: Any) -> None:
        codec = self.revision.notifications.get(method) if self.revision else None
        if codec is None:
            return
        try:
            notice = codec.decode_params(params)
        except InvalidParams:
            return
        if isinstance(notice, Cancelled):
            exchange = self.inflight.get(notice.request_id)  # type: ignore[arg-type]
            if exchange is not None:
                exchange.cancel()
        elif codec.operation == "Initialized":
            self.state.initialized = True
            self.kernel.sessions.add(self)

    def _answered(self, message: Message) -> Reply | None:
        has_result, failure = "result" in message, message.get("error")
        if not has_result and failure is None:
            return self.refusal(
                message.get("id"), InvalidRequest("invalid: neither a request nor a response")
            )
        request_id = message.get("id")
        pending = self._pending.pop(request_id, None) if type(request_id) is int else None
        if pending is None:
            return None
        if failure is not None:
            pending.error = remote_error(failure)
        pending.answer = message.get("result")
        pending.arrived.set()
        return None

    # -- frames out -------------------------------------------------------------------------------

    async def ask(self, operation: str, params: Any, related: Channel | None = None) -> Any:
        """Ask the client and wait for its answer.

        Raises `MissingCapability`, `RemoteError` (the client's own error), `ConnectionLost`.
        """
        codec = self.revision.peer_requests.get(operation) if self.revision else None
        if codec is None or not self.can_ask(operation):
            raise MissingCapability(CAPABILITY_OF.get(operation, operation))
        if self._closed:
            raise ConnectionLost("the client is gone")
        self._last_id += 1
        request_id = self._last_id
        pending = self._pending[request_id] = _Pending()
        message = {"jsonrpc": "2.0", "id": request_id, "method": codec.method}
        message["params"] = codec.encode_params(params)
        try:
            await (related or self.channel).send(dumps(message))
            await pending.arrived.wait()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise ConnectionLost("the client went away") from None
        finally:
            # Still listed: the wait was cancelled, so the client should stop as well.
            if self._pending.pop(request_id, None) is not None:
                self.post(Cancelled(request_id=request_id), related)
        if pending.error is not None:
            raise pending.error
        return codec.decode_result(pending.answer)

    def can_ask(self, operation: str) -> bool:
        """Whether the client said it can be asked this, and is still there."""
        if self.revision is None or operation not in self.revision.peer_requests:
            return False
        capability = CAPABILITY_OF.get(operation, operation)
        return not self._closed and getattr(self.state.capabilities, capability, None) is not None

    async def notify(self, notice: Any, related: Channel | None = None) -> None:
        """Send a notification; one this revision does not know, or to a client that is gone, is
        dropped."""
        frame = self._notice_frame(notice)
        if frame is not None:
            await self.flush()
            try:
                await (related or self.channel).send(frame)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

    def post(self, notice: Any, related: Channel | None = None) -> None:
        """`notify` from code that cannot wait, on the event loop's thread; keeps the order."""
        frame = self._notice_frame(notice)
        if frame is None:
            return
        entry = (related or self.channel, frame)
        if entry in self._outbox:
            return
        self._outbox.append(entry)
        if not self._posting:
            self._posting = True
            self.kernel.spawn(self._post_all)

    async def _post_all(self) -> None:
        try:
            await self.flush()
        finally:
            self._posting = False

    async def flush(self) -> None:
        """Send what was posted."""
        while self._outbox:
            channel, frame = self._outbox.popleft()
            try:
                await channel.send(frame)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                continue

    def _notice_frame(self, notice: Any) -> bytes | None:
        codec = self.revision.notices.get(type(notice)) if self.revision else None
        if codec is None or self._closed:
            return None
        message = {"jsonrpc": "2.0", "method": codec.method}
        params = codec.encode_params(notice)
        if params:
            message["params"] = params
        return dumps(message)

    def _error(self, operation: str | None, error: ZCPError) -> dict[str, Any]:
        if self.revision is not None:
            return self.revision.error(operation, error)
        body = {"code": error.code, "message": error.message}
        return body if error.data is None else {**body, "data": error.data}

    def close(self, reason: str = "the client went away") -> None:
        """End the session: whatever waits for the client fails, whatever runs for it is cancelled.
        Idempotent."""
        if self._closed:
            return
        self._closed = True
        self.kernel.sessions.discard(self)
        self.peer_gone(reason)
        for exchange in list(self.inflight.values()):
            exchange.cancel()

    def peer_gone(self, reason: str) -> None:
        """The client will answer nothing more."""
        for pending in self._pending.values():
            pending.error = ConnectionLost(reason)
            pending.arrived.set()
        self._pending.clear()


def remote_error(failure: Any) -> RemoteError:
    """The error a peer sent, whatever shape it has."""
    if not isinstance(failure, dict):
        return RemoteError(0, str(failure))
    code = failure.get("code")
    return RemoteError(
        code if type(code) is int else 0, str(failure.get("message", "")), failure.get("data")
    )
