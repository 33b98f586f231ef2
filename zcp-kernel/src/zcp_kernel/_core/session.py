"""The server's end of one connection: frames in, frames out, no I/O of its own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidParams, InvalidRequest, MethodNotFound, ParseError, ZCPError
from ..jsontext import loads, salvage
from ..model import Cancelled, Initialized, InitializeParams
from .exchange import Batch, Exchange, Reply, Route, error_frame, result_frame
from .speaking import SessionState, Speaker

if TYPE_CHECKING:
    from ..contracts import Channel, Match, Message
    from ..security import Principal
    from .kernel import Kernel

Due = Exchange | Reply | Batch
Headers = Mapping[str, str]

_NOT_JSONRPC = "invalid: not a JSON-RPC 2.0 message"


class ZCPServerSession(Speaker):
    """One client of a server.

    A transport hands every frame to `receive` and runs what it gets back; frames the session sends
    by itself go to `channel`, those that belong to one request to the channel that request came
    with. Notifications, responses and `initialize` take effect in `receive`, in the order of the
    frames.
    """

    def __init__(self, kernel: Kernel, channel: Channel, principal: Principal) -> None:
        super().__init__(kernel, channel)
        self.principal = principal
        self.id = secrets.token_urlsafe(16)
        self.offers_handles = False
        self.inflight: dict[str | int, Exchange] = {}
        self._routes: Mapping[str, Route] = {}

    @property
    def owner(self) -> str:
        """Whom tasks and handles made here belong to: this session."""
        return f"session:{self.id}"

    @property
    def surface(self) -> str:
        """The dialect spoken here; exposure defaults go by it."""
        return self.revision.dialect if self.revision is not None else ""

    def receive(
        self, frame: bytes, related: Channel | None = None, headers: Headers | None = None
    ) -> Due | None:
        """Take one frame; returns what must be run for its answer, None if none is due.

        Never raises on anything a peer may send.
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

    def refusal(self, request_id: Any, error: ZCPError) -> Reply:
        """An error answer to something that never became an exchange."""
        if type(request_id) not in (str, int):
            request_id = None
        if self.revision is not None:
            body = self.revision.error(None, error)
        else:
            body = {"code": error.code, "message": error.message}
            if error.data is not None:
                body["data"] = error.data
        return Reply(error_frame(request_id, body), error)

    def _unreadable(self, frame: bytes, error: ZCPError) -> Reply:
        message = salvage(frame)
        return self.refusal(message.get("id") if isinstance(message, dict) else None, error)

    def _batch(
        self, messages: list[Any], related: Channel | None, headers: Headers | None
    ) -> Due | None:
        if not messages:
            return self.refusal(None, InvalidRequest("invalid: an empty batch"))
        parts: list[Exchange | Reply] = []
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
        self, message: Message, related: Channel | None, headers: Headers | None
    ) -> Exchange | Reply | None:
        request_id, method = message.get("id"), message.get("method")
        if message.get("jsonrpc") != "2.0" or not (method is None or type(method) is str):
            return self.refusal(request_id, InvalidRequest(_NOT_JSONRPC))
        if method is None:
            return self._answered(message)
        if "id" not in message:
            self._notified(method, message.get("params"))
            return None
        if type(request_id) not in (str, int):
            return self.refusal(None, InvalidRequest("invalid: id must be a string or an integer"))
        if request_id in self.inflight:
            return self.refusal(request_id, InvalidRequest("invalid: this id is still in use"))
        route = self._routes.get(method)
        if route is None:
            return self._unrouted(message, method, headers)
        exchange = Exchange(self, request_id, route, message.get("params"), related)
        self.inflight[request_id] = exchange
        return exchange

    def _unrouted(self, message: Message, method: str, headers: Headers | None) -> Reply:
        request_id = message["id"]
        if self.revision is None:
            match = self.kernel.classify(message, headers)
            if match is not None and match.handshake:
                return self._handshake(message, match)
            error: ZCPError = InvalidRequest("invalid: send initialize before anything else")
        elif method == "initialize":
            error = InvalidRequest("invalid: already initialized")
        else:
            error = MethodNotFound(method)
        return self.refusal(request_id, error)

    def _handshake(self, message: Message, match: Match) -> Reply:
        codec = match.revision.requests["initialize"]
        try:
            params: InitializeParams = codec.decode_params(message.get("params"))
        except ZCPError as error:
            return self.refusal(message["id"], error)
        self.revision = match.revision
        self._routes = self.kernel.routes(match.revision)
        self.offers_handles = any(
            route.operation == "handles/read" for route in self._routes.values()
        )
        self.state.client_info = params.client_info
        self.state.capabilities = params.capabilities
        result = codec.encode_result(self.kernel.introduction(match.revision))
        return Reply(result_frame(message["id"], result))

    def _notified(self, method: str, params: Any) -> None:
        codec = self.revision.notifications.get(method) if self.revision else None
        if codec is None:
            return
        try:
            notice = codec.decode_params(params)
        except InvalidParams:
            return
        if isinstance(notice, Cancelled):
            exchange = None if notice.request_id is None else self.inflight.get(notice.request_id)
            if exchange is not None:
                exchange.cancel()
        elif isinstance(notice, Initialized):
            self.state.initialized = True
            self.kernel.sessions.add(self)

    def _answered(self, message: Message) -> Reply | None:
        failure = message.get("error")
        if "result" not in message and failure is None:
            return self.refusal(
                message.get("id"), InvalidRequest("invalid: neither a request nor a response")
            )
        self.answered(message.get("id"), message.get("result"), failure)
        return None

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


__all__ = ["Due", "SessionState", "ZCPServerSession"]
