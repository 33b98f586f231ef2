"""What a server sends by itself: its requests are answered by hooks, its notices handed out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ....codec import PLAIN
from ....contracts import Message, Revision
from ....errors import InternalError, MethodNotFound, ZCPError
from ....model import Cancelled, LogMessage, Progress
from ..hooks import ClientHooks
from .connection import Connection

log = logging.getLogger("zcp.client")


class Inbound:
    """Stands at the server's side of one connection; reads with `revision` once that is agreed.

    `heard` is called with every notice that could be read, before any handler; it returns whether
    handlers are to hear of it, too.
    """

    def __init__(
        self, connection: Connection, hooks: ClientHooks, heard: Callable[[Any], bool]
    ) -> None:
        self._connection = connection
        self._hooks = hooks
        self._heard = heard
        self._revision: Revision | None = None
        self._operations: dict[str, str] = {}
        connection.incoming.serve = self.serve
        connection.incoming.notice = self.notice
        connection.encode_cancel = self.encode_cancel

    def speak(self, revision: Revision) -> None:
        """Read and write what comes from now on as this revision does."""
        self._revision = revision
        self._operations = {m.method: name for name, m in revision.peer_requests.items()}

    async def serve(self, method: str, params: Any) -> dict[str, Any] | None:
        """Answer a request: the `result` or `error` member of the response."""
        if self._revision is None:
            return {"result": {}} if method == "ping" else {"error": _bare(MethodNotFound(method))}
        if self._revision.stateless:
            told = "ignored a request of the server, which must not send any: %s"
            self._connection.incoming.log.warning(told, method)
            return None
        operation = self._operations.get(method)
        try:
            if operation is None:
                raise MethodNotFound(method)
            codec = self._revision.peer_requests[operation]
            answer = await self._hooks.answer(operation, codec.decode_params(params))
            return {"result": codec.encode_result(answer)}
        except ZCPError as error:
            return {"error": self._revision.error(operation, error)}
        except Exception:
            log.exception("the hook for %s failed", method)
            failure = InternalError(f"the client's hook for {method} failed")
            return {"error": self._revision.error(operation, failure)}

    def encode_cancel(self, number: int, reason: str) -> Message | None:
        """The notice that a request of ours is given up; None while nothing is agreed (an
        `initialize` must not be cancelled), and where the closed exchange says it already."""
        revision = self._revision
        if revision is None or (revision.stateless and self._connection.exchanges):
            return None
        codec = revision.notices.get(Cancelled)
        if codec is None:
            return None
        notice = Cancelled(request_id=number, reason=reason)
        return {"method": codec.method, "params": codec.encode_params(notice)}

    def notice(self, method: str, params: Any) -> None:
        """Queue the handlers this notification is for."""
        put = self._connection.notices.put
        shape = self._decode(method, params)
        if shape is not None and not self._heard(shape):
            return
        if isinstance(shape, Cancelled):
            self._connection.incoming.stop_serving(shape.request_id)
        elif isinstance(shape, LogMessage):
            if self._hooks.log_handler is not None:
                put(self._hooks.log_handler, log_entry(shape))
        elif isinstance(shape, Progress):
            self._progress(shape)
        if self._hooks.notification_handler is not None:
            put(self._hooks.notification_handler, method, params if params is not None else {})

    def _progress(self, progress: Progress) -> None:
        entry = PLAIN.encode(progress)
        token = progress.progress_token
        self._connection.incoming.progressed(token)
        callback = self._connection.progress.get(token) if isinstance(token, int) else None
        for handler in (callback, self._hooks.progress_handler):
            if handler is not None:
                self._connection.notices.put(handler, entry)

    def _decode(self, method: str, params: Any) -> Any:
        codec = self._revision.notifications.get(method) if self._revision is not None else None
        if codec is None:
            return None
        try:
            return codec.decode_params(params)
        except ZCPError as error:
            told = "ignored a malformed %s of the server: %s"
            self._connection.incoming.log.warning(told, method, error)
            return None


def log_entry(message: LogMessage) -> dict[str, Any]:
    """What a log handler receives: `{level, logger, data}`."""
    return {"level": message.level, "logger": message.logger, "data": message.data}


def _bare(error: ZCPError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message}
