"""Sessions that outlive the process that opened them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from attrs import frozen


@frozen
class StoredSession:
    """What another process needs to go on with a session.

    `worker` is the process that has it, `generation` how many have had it. `plane` is where its id
    is good, `revision` what is spoken. `caller` is the JSON of who opened it, `facts` that of what
    was agreed and left: client, capabilities, log level, subscriptions.
    """

    id: str
    plane: str
    revision: str
    worker: str
    generation: int = 0
    caller: bytes = b"null"
    facts: bytes = b"{}"


@frozen
class StoredCall:
    """A call whose answer goes to a numbered stream of its session.

    `worker` runs it; `ids` is the JSON list of the request ids it answers; `key` is what its client
    would send it again with.
    """

    stream: int
    worker: str
    ids: bytes
    key: str | None = None


@runtime_checkable
class RateStore(Protocol):
    """Counts what callers do, for the processes of one server together."""

    @property
    def name(self) -> str: ...

    async def count(self, caller: str, window_seconds: float, most: int) -> tuple[int, int, float]:
        """Count one, unless that makes more than `most` in the last `window_seconds`.

        Windows follow each other; returns how many were counted in this one and in the one before,
        without this one, and the part of this one that has passed. Those of the one before count by
        the part of it that is still within the last `window_seconds`.
        """
        ...


@runtime_checkable
class SessionStore(Protocol):
    """Keeps sessions for the processes of one server."""

    @property
    def name(self) -> str: ...

    async def save(self, session: StoredSession) -> None:
        """Store it as it now is, unless another worker has taken it; counts as a use."""
        ...

    async def load(self, session_id: str) -> StoredSession | None: ...

    async def touch(self, session_ids: Sequence[str]) -> None:
        """These were used."""
        ...

    async def take(self, session_id: str, of: str, worker: str) -> StoredSession | None:
        """Make `worker` have a session that `of` had, its generation counted up. None if `of` no
        longer has it: of those who try, one gets it."""
        ...

    async def begin(self, session_id: str, call: StoredCall) -> None:
        """A call has begun. Of a session's calls the newest 256 are kept; they go with it."""
        ...

    async def begun(self, session_id: str) -> Sequence[StoredCall]:
        """The calls that have begun, whatever became of them, in the order of their streams."""
        ...

    async def forget(self, session_id: str, worker: str) -> bool:
        """Remove it, if this worker has it; whether it had."""
        ...

    async def expire(self, idle_seconds: float) -> Sequence[str]:
        """Remove what nobody used for so long; returns the ids."""
        ...

    async def list(self, limit: int) -> Sequence[StoredSession]:
        """The most recently used, for operators."""
        ...
