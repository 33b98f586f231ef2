"""What a server says to a client by itself: requests, and notifications in their order."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import anyio
from attrs import define, field

from ..errors import ConnectionLost, InternalError, MissingCapability, ZCPError
from ..jsontext import dumps
from ..model import (
    Cancelled,
    Capabilities,
    Implementation,
    PromptListChanged,
    ResourceListChanged,
    ResourceUpdated,
    ToolListChanged,
)
from .asking import CAPABILITY_OF, Question, lacking
from .remote import remote_error

if TYPE_CHECKING:
    from ..contracts import Channel, Revision
    from .kernel import Kernel

GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError)
"""How a channel says that its peer is no more."""

_CHANGES = (PromptListChanged, ResourceListChanged, ResourceUpdated, ToolListChanged)


_NOTHING = Capabilities()
"""What a client can do that has not said so: shared, never written to."""


@define(slots=True)
class SessionState:
    """What was agreed and what was left: the facts of a session.

    `log_level` is the least severe level the client wants, None for none at all. `aliases` are the
    ids of the handles made here: the first is `#S1`.
    """

    client_info: Implementation | None = None
    capabilities: Capabilities = _NOTHING
    log_level: str | None = "info"
    subscriptions: set[str] = field(factory=set[str])
    initialized: bool = False
    data: dict[str, Any] = field(factory=dict[str, Any])
    aliases: list[str] | None = None


class _Pending:
    """A request of ours the client has yet to answer."""

    __slots__ = ("answer", "arrived", "error")

    def __init__(self) -> None:
        self.arrived = anyio.Event()
        self.answer: Any = None
        self.error: ZCPError | None = None


class Speaker:
    """The sending half of a session."""

    def __init__(self, kernel: Kernel, channel: Channel) -> None:
        self.kernel = kernel
        self.channel = channel
        self.state = SessionState()
        self.revision: Revision | None = None
        self._pending: dict[int, _Pending] = {}
        self.last_request_id = 0
        self._outbox: deque[tuple[Channel, bytes]] = deque()
        self._posting = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the session has ended."""
        return self._closed

    # -- requests ----------------------------------------------------------------------------------

    async def ask(self, operation: str, params: Any, related: Channel | None = None) -> Any:
        """Ask the client and wait for its answer.

        Raises `MissingCapability`, `RemoteError` (the client's own error), `ConnectionLost`.
        """
        codec = self.revision.peer_requests.get(operation) if self.revision else None
        if self.revision is not None and self.revision.replays:
            raise InternalError(
                f"this client cannot be asked {operation} here: only a tool, a "
                "prompt, a resource or a task can ask it"
            )
        if codec is None or not self.can_ask(operation):
            raise MissingCapability(CAPABILITY_OF.get(operation, operation))
        self.last_request_id = request_id = self.last_request_id + 1
        pending = self._pending[request_id] = _Pending()
        message = {"jsonrpc": "2.0", "id": request_id, "method": codec.method}
        message["params"] = codec.encode_params(params)
        try:
            await (related or self.channel).send(dumps(message))
            await pending.arrived.wait()
        except GONE:
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
        if self._closed or self.revision is None or operation not in self.revision.peer_requests:
            return False
        capability = CAPABILITY_OF.get(operation, operation)
        return getattr(self.state.capabilities, capability, None) is not None

    def lacks(self, question: Question) -> str | None:
        """The capability the client would need for this question and did not declare."""
        return lacking(question.operation, question.params, self.state.capabilities)

    def answered(self, request_id: Any, result: Any, failure: Any) -> None:
        """The client's response; one to nothing we asked is ignored."""
        pending = self._pending.pop(request_id, None) if type(request_id) is int else None
        if pending is None:
            return
        pending.answer = result
        pending.error = None if failure is None else remote_error(failure)
        pending.arrived.set()

    def peer_gone(self, reason: str) -> None:
        """The client will answer nothing more: whatever waits for it fails."""
        waiting, self._pending = self._pending, {}
        for pending in waiting.values():
            pending.error = ConnectionLost(reason)
            pending.arrived.set()

    # -- notifications -----------------------------------------------------------------------------

    @property
    def has_posts(self) -> bool:
        """Whether something posted still waits to be sent."""
        return bool(self._outbox)

    async def notify(self, notice: Any, related: Channel | None = None) -> None:
        """Send a notification; one this revision does not know, or to a client that is gone, is
        dropped."""
        frame = self._notice_frame(notice)
        if frame is not None:
            await self.flush()
            try:
                await (related or self.channel).send(frame)
            except GONE:
                return

    def post(self, notice: Any, related: Channel | None = None) -> None:
        """`notify` from code that cannot wait, on the event loop's thread; keeps the order. That
        something changed is not said again while it still waits to be sent."""
        frame = self._notice_frame(notice)
        if frame is None:
            return
        entry = (related or self.channel, frame)
        if isinstance(notice, _CHANGES) and entry in self._outbox:
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
            except GONE:
                continue

    def _notice_frame(self, notice: object) -> bytes | None:
        codec = self.revision.notices.get(type(notice)) if self.revision else None
        if codec is None or self._closed:
            return None
        message = {"jsonrpc": "2.0", "method": codec.method}
        params = codec.encode_params(notice)
        if params:
            message["params"] = params
        return dumps(message)
