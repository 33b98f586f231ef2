"""Large results kept in this process, encoded."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import count

from attrs import define, evolve, field

from ...contracts import StoredHandle
from .due import DueTimes
from .sequence import page

logger = logging.getLogger("zcp.handles")

_MIB = 1024 * 1024


@define(eq=False)
class _Owned:
    """One owner's handles: id -> sequence number in the order they came, ids in order of use."""

    created: dict[str, int] = field(factory=dict[str, int])
    used: dict[str, None] = field(factory=dict[str, None])
    size: int = 0


class MemoryHandleStore:
    """Bounded in bytes for each owner and in all, and in handles; remembers a bounded number of the
    handles that are gone."""

    name = "memory"

    def __init__(
        self,
        max_bytes_per_owner: int = 16 * _MIB,
        max_bytes_total: int = 64 * _MIB,
        max_handles: int = 100_000,
        max_remembered: int = 10_000,
    ) -> None:
        self._max_bytes_per_owner = max_bytes_per_owner
        self._max_bytes_total = max_bytes_total
        self._max_handles = max_handles
        self._max_remembered = max_remembered
        self._handles: dict[str, StoredHandle] = {}
        self._owners: dict[str, _Owned] = {}
        self._gone: dict[str, str] = {}
        self._bytes = 0
        self._due = DueTimes()
        self._sequence = count(1)

    @property
    def handles_held(self) -> int:
        return len(self._handles)

    @property
    def bytes_held(self) -> int:
        """Encoded bytes of all handles."""
        return self._bytes

    async def put(self, handle: StoredHandle) -> None:
        handle_id, size = handle.ref.id, len(handle.data)
        if handle_id in self._handles:
            raise ValueError(f"handle {handle_id} exists already")
        budget = min(self._max_bytes_per_owner, self._max_bytes_total)
        if size > budget:
            raise ValueError(f"{size} bytes exceed the budget of {budget} bytes for handles")
        self._make_room(handle.owner, size)
        owned = self._owners.setdefault(handle.owner, _Owned())
        owned.created[handle_id] = next(self._sequence)
        owned.used[handle_id] = None
        owned.size += size
        self._bytes += size
        self._handles[handle_id] = _copy(handle)
        self._due.add(handle_id, handle.expires_at)

    async def get(self, handle_id: str) -> StoredHandle | None:
        handle = self._handles.pop(handle_id, None)
        if handle is None:
            return None
        # Dicts keep the order of insertion: what is put back last was used last.
        self._handles[handle_id] = handle
        used = self._owners[handle.owner].used
        del used[handle_id]
        used[handle_id] = None
        return _copy(handle)

    async def was_known(self, handle_id: str, owner: str) -> bool:
        return self._gone.get(handle_id) == owner

    async def list(
        self, owner: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[StoredHandle], str | None]:
        owned = self._owners.get(owner, _Owned())
        keys, next_cursor = page(owned.created.items(), cursor, limit)
        return [_copy(self._handles[key]) for key in keys], next_cursor

    async def delete(self, handle_id: str) -> bool:
        return self._remove(handle_id) is not None

    async def expire(self, now: float) -> Sequence[str]:
        expired = self._due.take(now)
        for handle_id in expired:
            self._lose(handle_id)
        return expired

    async def next_expiry(self) -> float | None:
        return self._due.next()

    def _make_room(self, owner: str, size: int) -> None:
        """The owner's own go first, those of others only when it has none left."""
        lost = 0
        while self._handles and (self._is_full(size) or self._is_over(owner, size)):
            owned = self._owners.get(owner)
            self._lose(next(iter(self._handles if owned is None else owned.used)))
            lost += 1
        if lost:
            logger.warning(
                "%d handles were given up for a new one of %d bytes; the budgets are "
                "[handles] max_bytes_per_owner and max_bytes_total",
                lost,
                size,
            )

    def _is_over(self, owner: str, size: int) -> bool:
        owned = self._owners.get(owner)
        return owned is not None and owned.size + size > self._max_bytes_per_owner

    def _is_full(self, size: int) -> bool:
        over = self._bytes + size > self._max_bytes_total
        return over or len(self._handles) >= self._max_handles

    def _lose(self, handle_id: str) -> None:
        handle = self._remove(handle_id)
        if handle is not None:
            self._gone[handle_id] = handle.owner
            if len(self._gone) > self._max_remembered:
                del self._gone[next(iter(self._gone))]

    def _remove(self, handle_id: str) -> StoredHandle | None:
        handle = self._handles.pop(handle_id, None)
        if handle is None:
            return None
        self._due.discard(handle_id)
        self._bytes -= len(handle.data)
        owned = self._owners[handle.owner]
        owned.size -= len(handle.data)
        del owned.created[handle_id], owned.used[handle_id]
        if not owned.created:
            del self._owners[handle.owner]
        return handle


def _copy(handle: StoredHandle) -> StoredHandle:
    return evolve(handle, ref=evolve(handle.ref))
