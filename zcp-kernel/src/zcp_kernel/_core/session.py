"""The server's end of one connection: frames in, frames out, no I/O of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InvalidParams, InvalidRequest, MethodNotFound, ParseError, ZCPError
from ..jsontext import is_list, is_object, loads, salvage
from ..model import (
    LOG_LEVELS,
    Cancelled,
    Initialized,
    InitializeParams,
    LogMessage,
    ResourceUpdated,
)
from .exchange import Batch, Exchange, Reply, Route, error_frame, result_frame
from .session_identity import SessionIdentity
from .speaking import SessionState

if TYPE_CHECKING:
    from ..contracts import Channel, Dialect, Match, Message, Revision
    from ..security import Principal
    from .kernel import Kernel

Due = Exchange | Reply | Batch
Headers = Mapping[str, str]

_NOT_JSONRPC = "invalid: not a JSON-RPC 2.0 message"


class ZCPServerSession(SessionIdentity):
    """One client of a server.

    A transport hands every frame to `receive` and runs what it gets back; what the session says by
    itself goes to `channel`, what belongs to a request to the channel it came with. Notifications,
    responses and `initialize` take effect in `receive`, in the order of the frames.
    """

    def __init__(
        self,
        kernel: Kernel,
        channel: Channel,
        principal: Principal,
        dialects: Sequence[Dialect] | None = None,
    ) -> None:
        super().__init__(kernel, channel, principal)
        self.offers_handles = False
        self.inflight: dict[str | int, Exchange] = {}
        self._routes: Mapping[str, Route] = {}
        self._dialects = dialects
        self._last_stateless: Revision | None = None

    def receive(
        self, frame: bytes, related: Channel | None = None, headers: Headers | None = None
    ) -> Due | None:
        """Take one frame; returns what must be run for its answer, None if none is due.

        Never raises on anything a peer may send.
        """
        try:
            message = loads(frame)
        except ParseError as error:
            return self.unreadable(frame, error)
        return self.take(message, related, headers)

    def take(
        self,
        message: Any,
        related: Channel | None = None,
        headers: Headers | None = None,
        match: Match | None = None,
    ) -> Due | None:
        """`receive` for a frame that is decoded already, and perhaps classified."""
        if is_object(message):
            return self._message(message, related, headers, match)
        if is_list(message) and self.revision is not None and self.revision.allows_batch:
            return self._batch(message, related, headers)
        return self.refusal(None, InvalidRequest("invalid: one JSON-RPC object per frame"))

    def refusal(self, request_id: Any, error: ZCPError) -> Reply:
        """An error answer to something that never became an exchange."""
        if type(request_id) not in (str, int):
            request_id = None
        revision = self.revision
        if revision is not None:
            body = revision.error(None, error)
        else:
            body = {"code": error.code, "message": error.message}
            if error.data is not None:
                body["data"] = error.data
        omits = revision is not None and revision.omits_unknown_id
        return Reply(error_frame(request_id, body, omit_unknown_id=omits), error, revision)

    def unreadable(self, frame: bytes, error: ZCPError) -> Reply | None:
        """The answer to a frame that is no JSON, under its id if one can be made out.

        A response among them gets none: the id is one of ours, whose asker must not wait on.
        """
        message = salvage(frame)
        if not is_object(message):
            return self.refusal(None, error)
        if "method" not in message and ("result" in message or "error" in message):
            self.answered(message.get("id"), None, {"code": error.code, "message": error.message})
            return None
        return self.refusal(message.get("id"), error)

    def _batch(
        self, messages: list[Any], related: Channel | None, headers: Headers | None
    ) -> Due | None:
        if not messages:
            return self.refusal(None, InvalidRequest("invalid: an empty batch"))
        parts: list[Exchange | Reply] = []
        for message in messages:
            if not is_object(message) or message.get("method") == "initialize":
                request_id = message.get("id") if is_object(message) else None
                parts.append(
                    self.refusal(request_id, InvalidRequest("invalid: not allowed in a batch"))
                )
            elif (part := self._message(message, related, headers)) is not None:
                parts.append(part)
        return Batch(parts) if parts else None

    def _message(
        self,
        message: Message,
        related: Channel | None,
        headers: Headers | None,
        match: Match | None = None,
    ) -> Exchange | Reply | None:
        request_id: Any = message.get("id")
        method = message.get("method")
        if message.get("jsonrpc") != "2.0" or not (method is None or type(method) is str):
            return self.refusal(request_id, InvalidRequest(_NOT_JSONRPC))
        if method is None:
            if match is not None and match.refusal is not None:
                self.adopt(match.revision)
                return self.refusal(None, match.refusal)
            return self._answered(message)
        if "id" not in message:
            self._notified(method, message.get("params"))
            return None
        if type(request_id) not in (str, int):
            return self.refusal(None, InvalidRequest("invalid: id must be a string or an integer"))
        if request_id in self.inflight:
            return self.refusal(request_id, InvalidRequest("invalid: this id is still in use"))
        params = message.get("params")
        route = self._routes.get(method)
        if route is None or (type(params) is dict and "_meta" in params):
            match = match or self.kernel.classify(message, headers, self._dialects)
            if match is not None and match.peer is not None:
                return self._visit(message, match, related, headers)
            if route is None:
                return self._unrouted(message, method, match)
        exchange = Exchange(self, request_id, route, params, related, headers)
        self.inflight[request_id] = exchange
        return exchange

    def _visit(
        self, message: Message, match: Match, related: Channel | None, headers: Headers | None
    ) -> Exchange | Reply:
        """A message that brings its own session facts: served by a session of its own, which ends
        with it. It shares the table of calls in flight, so that it can be cancelled here."""
        visitor = self
        if self.lasting or self.revision is not None:
            visitor = ZCPServerSession(self.kernel, related or self.channel, self.principal)
            visitor.inflight = self.inflight
        visitor.adopt(match.revision)
        self._last_stateless = match.revision
        if match.refusal is not None:
            return visitor.refusal(message["id"], match.refusal)
        peer = match.peer
        assert peer is not None
        visitor.state.client_info = peer.info
        visitor.state.capabilities = peer.capabilities
        visitor.state.log_level = peer.log_level
        route = visitor._routes.get(message["method"])
        if route is None:
            return visitor.refusal(message["id"], MethodNotFound(message["method"]))
        exchange = Exchange(visitor, message["id"], route, message.get("params"), related, headers)
        self.inflight[message["id"]] = exchange
        return exchange

    def _unrouted(self, message: Message, method: str, match: Match | None) -> Reply:
        request_id = message["id"]
        if match is not None and match.refusal is not None:
            return self.refusal(request_id, match.refusal)
        if self.revision is None:
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
        self.adopt(match.revision)
        self.state.client_info = params.client_info
        self.state.capabilities = params.capabilities
        result = codec.encode_result(self.kernel.introduction(match.revision))
        return Reply(result_frame(message["id"], result), revision=match.revision)

    def adopt(self, revision: Revision) -> None:
        """Speak this revision from now on."""
        self.revision = revision
        self._routes = self.kernel.routes(revision)
        self.offers_handles = self.kernel.offers_handles(revision)

    def _notified(self, method: str, params: Any) -> None:
        revision = self.revision or self._last_stateless
        codec = None if revision is None else revision.notifications.get(method)
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
            self.kernel.audience.add(self)

    def _answered(self, message: Message) -> Reply | None:
        failure = message.get("error")
        if "result" not in message and failure is None:
            return self.refusal(
                message.get("id"), InvalidRequest("invalid: neither a request nor a response")
            )
        self.answered(message.get("id"), message.get("result"), failure)
        return None

    def hears(self, notice: Any) -> bool:
        """Whether this client is told: of changed lists always, of resources it subscribed to, of
        what is logged from the level on that it wants."""
        if isinstance(notice, ResourceUpdated):
            return notice.uri in self.state.subscriptions
        if isinstance(notice, LogMessage):
            wanted = self.state.log_level
            return wanted is not None and LOG_LEVELS[notice.level] >= LOG_LEVELS[wanted]
        return True

    def peer_gone(self, reason: str) -> None:
        """Nothing more comes from the client: what waits for it fails, what only it listened to
        ends."""
        super().peer_gone(reason)
        for exchange in list(self.inflight.values()):
            if exchange.lasting:
                exchange.cancel()

    def close(self, reason: str = "the client went away") -> None:
        """End the session: whatever waits for the client fails, whatever runs for it is cancelled.
        Idempotent."""
        if self._closed:
            return
        self._closed = True
        self.kernel.audience.discard(self)
        self.peer_gone(reason)
        for exchange in list(self.inflight.values()):
            exchange.cancel()


__all__ = ["Due", "SessionState", "ZCPServerSession"]
