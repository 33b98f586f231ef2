"""What plugins implement. Objects are matched by shape: no base class need be inherited.

`zcp_kernel.testing` holds a suite for each contract; a plugin author subclasses it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from attrs import field, frozen

if TYPE_CHECKING:
    from .context import Context
    from .errors import Fault, ZCPError
    from .model import (
        Capabilities,
        HandleRef,
        Implementation,
        ListToolsParams,
        TaskDescriptor,
        ToolDefinition,
    )
    from .security import Challenge, Credentials, Principal

Message = dict[str, Any]
"""One decoded JSON-RPC message."""


# -- operations and stages ---------------------------------------------------------------------

Handler = Callable[[Any, "Context"], Awaitable[Any]]
"""An operation's body: decoded parameters and the context in, a result shape out."""


@frozen
class Operation:
    """Something a client may ask of the server.

    `name` is the native method name and the operation's identity. `methods` maps a dialect's name
    to its method there (absent: that dialect does not offer it). `extension` names the protocol
    extension it belongs to.
    """

    name: str
    params: type
    result: type
    handler: Handler
    methods: Mapping[str, str] = field(factory=dict)
    extension: str | None = None


@frozen
class Stage:
    """Something that stands around operations: `run(params, ctx, proceed)`.

    `operations` names those it surrounds ("*": all). `phase` orders stages coarsely, `before` and
    `after` name other stages within it.
    """

    name: str
    run: Callable[[Any, Context, Handler], Awaitable[Any]]
    operations: tuple[str, ...] = ("*",)
    phase: Literal["guard", "shape", "observe"] = "guard"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


# -- dialects ----------------------------------------------------------------------------------


@frozen
class Method:
    """How one operation (or notification) travels in one revision of a dialect."""

    method: str
    operation: str
    decode_params: Callable[[Any], Any]
    encode_params: Callable[[Any], Any]
    decode_result: Callable[[Any], Any]
    encode_result: Callable[[Any], Any]


@frozen
class Peer:
    """What a stateless message says about its sender."""

    info: Implementation | None
    capabilities: Capabilities
    log_level: str | None = None


@frozen
class Match:
    """A dialect's claim on a message: the revision to read it with.

    `handshake` marks the message that opens a session in that revision; `peer` is set where the
    message carries its own session facts (stateless revisions).
    """

    revision: Revision
    handshake: bool = False
    peer: Peer | None = None


class Revision(Protocol):
    """One revision of one dialect: immutable, shared by all connections, made lazily.

    `requests` maps a wire method the server answers to its `Method`; `peer_requests` maps an
    operation the server may ask of its client; `notifications` maps a wire method and
    `notices` a notification class to its `Method` (its `operation` is the class name).
    """

    name: str
    dialect: str
    allows_batch: bool
    stateless: bool
    requests: Mapping[str, Method]
    peer_requests: Mapping[str, Method]
    notifications: Mapping[str, Method]
    notices: Mapping[type, Method]

    def extend(self, operations: Iterable[Operation]) -> Mapping[str, Method]:
        """`requests` and the methods of these further operations, those this dialect offers."""
        ...

    def rescue(self, operation: str, error: ZCPError) -> Any | None:
        """A result shape to answer with instead of the error, where this revision wants one."""
        ...

    def error(self, operation: str | None, error: ZCPError) -> dict[str, Any]:
        """The `error` member for this error: `{code, message, data?}`."""
        ...


class Dialect(Protocol):
    """A protocol family: it recognises its messages and hands out its revisions."""

    name: str

    def classify(self, message: Message, headers: Mapping[str, str] | None) -> Match | None:
        """This dialect's claim on a message, or None. Must not raise on any JSON object."""
        ...

    def revision(self, name: str | None = None) -> Revision:
        """The revision of this name (None: the newest). Raises `InvalidParams` if unknown."""
        ...


# -- links ---------------------------------------------------------------------------------------


class Channel(Protocol):
    """A duplex pipe of frames: one JSON text each, without its delimiter."""

    async def receive(self) -> bytes:
        """The next frame. Raises `anyio.EndOfStream` when the peer is done, `ParseError` for a
        frame that had to be dropped (too long); the channel stays usable after that."""
        ...

    async def send(self, frame: bytes) -> None:
        """Send one frame; waits while the peer is slow. Raises `anyio.BrokenResourceError` when
        the peer is gone. Safe to call from several tasks."""
        ...

    async def aclose(self) -> None:
        """Idempotent."""
        ...


class Transport(Protocol):
    """How channels come about, client side: `connect(target)` for the URL schemes it names."""

    name: str
    schemes: tuple[str, ...]

    def connect(self, target: str, **options: Any) -> AbstractAsyncContextManager[Channel]:
        """Open a channel to `target`; leaving the context closes it and frees what it took."""
        ...


# -- policy --------------------------------------------------------------------------------------


class Authenticator(Protocol):
    """Verifies credentials of the schemes it names (lower case)."""

    name: str
    schemes: tuple[str, ...]

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        """The principal, or None when the credentials do not verify."""
        ...

    def challenge(self, error: str | None = None) -> Challenge: ...


class ExposureProfile(Protocol):
    """A named selection of a server's tools."""

    name: str

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        """The tools to show, in the order to show them. Must depend on its arguments alone:
        the kernel keeps the answer until the registry changes."""
        ...


class CompiledSchema(Protocol):
    """A schema ready to check values."""

    def is_valid(self, value: Any) -> bool: ...

    def faults(self, value: Any) -> list[Fault]:
        """Every fault of `value`; empty when it fits."""
        ...


class SchemaEngine(Protocol):
    """Compiles JSON Schema 2020-12."""

    name: str

    def compile(self, schema: dict[str, Any] | bool) -> CompiledSchema:
        """Raises `SchemaRefused` (a ValueError) for a schema it cannot check faithfully."""
        ...


# -- stores --------------------------------------------------------------------------------------


@frozen
class TaskRecord:
    """A task as stored: its descriptor, its owner, what it was asked and how it ended.

    `operation` created it: `tools/call` or `tasks/create`. `input` and `outcome` are kept encoded;
    the outcome is the JSON of `{"result": …}` or `{"error": {code, message, data?}}`, None until
    the end. `expires_at` is in seconds since the epoch. `version` grows with every stored change.
    """

    descriptor: TaskDescriptor
    owner: str
    operation: str = "tasks/create"
    input: bytes = b"null"
    outcome: bytes | None = None
    expires_at: float | None = None
    version: int = 0


@runtime_checkable
class TaskStore(Protocol):
    """Keeps task records. Records handed in and out are never changed in place by either side.

    Who may see a record is the engine's business, and so is the time: a store removes what has
    expired when it is told to.
    """

    name: str

    async def create(self, record: TaskRecord) -> None:
        """Raises `ValueError` if the id exists, `LimitReached` if there is no room."""
        ...

    async def get(self, task_id: str) -> TaskRecord | None: ...

    async def update(self, record: TaskRecord) -> TaskRecord | None:
        """Store `record` if the stored version equals its own; returns the record with its new
        version, None on a conflict or when it is gone."""
        ...

    async def list(
        self, owner: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[TaskRecord], str | None]:
        """Up to `limit` records of one owner, oldest first, and the cursor of the next page (None:
        that was all). A cursor stays good when records go. Raises `ValueError` for one that is not
        this store's."""
        ...

    async def trim(self, owner: str, keep: int) -> int:
        """Remove this owner's oldest finished tasks until `keep` are left; unfinished ones stay.
        Returns how many are left."""
        ...

    async def delete(self, task_id: str) -> None: ...

    async def expire(self, now: float) -> Sequence[str]:
        """Remove what expired by `now` (seconds since the epoch); returns the ids."""
        ...

    async def next_expiry(self) -> float | None:
        """When the next record expires, None if none will."""
        ...


@frozen
class StoredHandle:
    """A kept value: `data` is JSON (or raw bytes when `ref.kind` is "bytes").

    `scopes` are those a reader needs; `expires_at` is in seconds since the epoch.
    """

    ref: HandleRef
    owner: str
    data: bytes
    scopes: tuple[str, ...] = ()
    expires_at: float | None = None


@runtime_checkable
class HandleStore(Protocol):
    """Keeps large results, encoded. Least recently used goes first when over budget; budgets count
    the bytes of `data`, for each owner and in all.

    Who may see a handle is the service's business, and so is the time: a store removes what has
    expired when it is told to.
    """

    name: str

    async def put(self, handle: StoredHandle) -> None:
        """Raises `ValueError` if the id exists or the value alone exceeds a budget."""
        ...

    async def get(self, handle_id: str) -> StoredHandle | None:
        """Counts as a use."""
        ...

    async def was_known(self, handle_id: str, owner: str) -> bool:
        """Whether this owner's handle of that id expired or was evicted, as far as remembered; one
        that was deleted was given up and is not remembered."""
        ...

    async def list(
        self, owner: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[StoredHandle], str | None]:
        """Up to `limit` handles of one owner, oldest first, and the cursor of the next page (None:
        that was all). No use of them. Raises `ValueError` for a cursor that is not this store's."""
        ...

    async def delete(self, handle_id: str) -> bool:
        """Whether there was one."""
        ...

    async def expire(self, now: float) -> Sequence[str]:
        """Remove what expired by `now` (seconds since the epoch); returns the ids."""
        ...

    async def next_expiry(self) -> float | None:
        """When the next handle expires, None if none will."""
        ...


class Lagged(Exception):
    """Raised once by a subscription that fell behind: `missed` events were dropped. It goes on with
    the oldest event still there."""

    def __init__(self, missed: int) -> None:
        super().__init__(f"{missed} events were dropped: the subscriber was too slow")
        self.missed = missed


class Bus(Protocol):
    """Carries events between parts of a server, and between its processes where it can."""

    name: str

    async def publish(self, topic: str, event: Any) -> None:
        """Give `event` to everybody subscribed to `topic` now; never waits for a slow one."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """Events of `topic` from entering the context on, in order. Raises `Lagged` from the
        iterator where events had to be dropped."""
        ...
