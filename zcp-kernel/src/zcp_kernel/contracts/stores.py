"""What is kept between requests, and carried between processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from attrs import frozen

if TYPE_CHECKING:
    from ..model import HandleRef, TaskDescriptor


@frozen
class TaskRecord:
    """A task as stored: its descriptor, its owner, what it was asked and how it ended.

    `operation` created it: `tools/call` or `tasks/create`. `input` and `outcome` are kept encoded;
    the outcome is the JSON of `{"result": …}` or `{"error": {code, message, data?}}`, None until
    the end. `expires_at` is in seconds since the epoch. `version` grows with every stored change.

    For stores that several processes share: `holder` is the process that runs it, None while it
    waits for one; it is not started before `due_at` (seconds since the epoch), the highest
    `priority` first; `attempt` counts its starts. `caller` is the JSON of who asked for it.
    """

    descriptor: TaskDescriptor
    owner: str
    operation: str = "tasks/create"
    input: bytes = b"null"
    outcome: bytes | None = None
    expires_at: float | None = None
    version: int = 0
    attempt: int = 1
    holder: str | None = None
    due_at: float | None = None
    priority: int = 0
    caller: bytes = b"null"


@runtime_checkable
class TaskStore(Protocol):
    """Keeps task records. Records handed in and out are never changed in place by either side.

    Who may see a record is the engine's business, and so is the time: a store removes what has
    expired when it is told to.
    """

    @property
    def name(self) -> str: ...

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


@runtime_checkable
class SharedTaskStore(TaskStore, Protocol):
    """A task store that several processes share and that outlives them.

    Whoever runs a task holds it for a while, and says again and again that it still does; what is
    no longer held is there for others to take. What is created with a holder is held for as long
    as that process last said, of other tasks or of none. The clock of that is the store's: one all
    its processes agree on, which no change of the time of day moves.
    """

    async def hold(self, holder: str, seconds: float) -> None:
        """Hold every unfinished task of `holder` for so many seconds from now. May be called from
        another event loop than the other methods."""
        ...

    async def claim(
        self, holder: str, seconds: float, kinds: Collection[str], now: float, limit: int
    ) -> Sequence[TaskRecord]:
        """Take unfinished tasks and hold them for so many seconds: those whose holder, another than
        this one, let go without an end, whatever their kind, with `attempt` counted up; and those
        of `kinds` that wait for a holder and are due at `now` (seconds since the epoch). The
        highest priority first, then the oldest. No task is given to two callers."""
        ...


@runtime_checkable
class OnceStore(Protocol):
    """Remembers what must not be done twice, whatever becomes of the process that does it."""

    @property
    def name(self) -> str: ...

    async def begin(self, key: str, expires_at: float) -> tuple[bool, bytes | None]:
        """Whether it is the caller's to do, which is said to one caller only; else what came of it,
        None if that is not known (yet). Forgotten at `expires_at`, in seconds since the epoch."""
        ...

    async def finish(self, key: str, value: bytes) -> None:
        """What came of it."""
        ...


@frozen
class StoredHandle:
    """A kept value: `data` is JSON (or raw bytes when `ref.kind` is "bytes").

    `scopes` are those a reader needs; `expires_at` is in seconds since the epoch. `outline` says
    where the parts of a long `data` stand in it, for its reader; a store keeps it as it is.
    """

    ref: HandleRef
    owner: str
    data: bytes
    scopes: tuple[str, ...] = ()
    expires_at: float | None = None
    outline: bytes | None = None


@runtime_checkable
class HandleStore(Protocol):
    """Keeps large results, encoded. Least recently used goes first when over budget; budgets count
    the bytes of `data`, for each owner and in all.

    Who may see a handle is the service's business, and so is the time: a store removes what has
    expired when it is told to.
    """

    @property
    def name(self) -> str: ...

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


REFRESH_SECONDS = 30.0
"""How old what a process knows of shared secrets may get."""


class Lagged(Exception):
    """Raised once by a subscription that fell behind: `missed` events were dropped. It goes on with
    the oldest event still there."""

    def __init__(self, missed: int) -> None:
        super().__init__(f"{missed} events were dropped: the subscriber was too slow")
        self.missed = missed


@runtime_checkable
class KeyRing(Protocol):
    """Seals what travels through a client's hands (authenticated encryption).

    `binding` is authenticated with the data: what was sealed for one binding opens for no other.
    """

    @property
    def name(self) -> str: ...

    def seal(self, data: bytes, binding: bytes) -> bytes: ...

    def unseal(self, sealed: bytes, binding: bytes) -> bytes | None:
        """The data; None when the seal is broken, of another binding, or of a key long gone."""
        ...


@runtime_checkable
class KeyStore(Protocol):
    """Secrets that the processes of one server share, for a key ring that has none of its own."""

    @property
    def name(self) -> str: ...

    async def secrets(self) -> Sequence[str]:
        """The secrets in force: the first seals, all open. The first call ever makes one; they are
        renewed in time, so ask again every `REFRESH_SECONDS` at least."""
        ...


@runtime_checkable
class Bus(Protocol):
    """Carries events between parts of a server, and between its processes where it can."""

    @property
    def name(self) -> str: ...

    async def publish(self, topic: str, event: Any) -> None:
        """Give `event` to everybody subscribed to `topic` now; never waits for a slow one."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """Events of `topic` from entering the context on, in order. Raises `Lagged` from the
        iterator where events had to be dropped."""
        ...


@frozen
class LoggedEvent:
    """One event of a stream: its number (the first is 1) and the frame it carried."""

    number: int
    frame: bytes


@runtime_checkable
class EventLog(Protocol):
    """Keeps what was sent on event streams, for clients that lost one.

    A stream is named by its session and a number. Within its budgets a log keeps the newest events;
    the last event of a stream, its answer, is not pushed out by events of the same stream.
    """

    @property
    def name(self) -> str: ...

    async def append(self, session: str, stream: int, frame: bytes, *, last: bool = False) -> int:
        """Store the stream's next event; returns its number. Raises `ValueError` after its last."""
        ...

    async def after(self, session: str, stream: int, number: int) -> Sequence[LoggedEvent] | None:
        """Every event of the stream above `number`, in order; None unless all of them are still
        kept, and for a number or a stream that never was."""
        ...

    async def forget(self, session: str) -> None:
        """Remove a session's streams; harmless if there are none."""
        ...
