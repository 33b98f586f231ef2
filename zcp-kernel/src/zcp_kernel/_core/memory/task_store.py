"""Tasks kept in this process."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice

from attrs import evolve

from ... import jsontext
from ...contracts import TaskRecord
from ...errors import LimitReached
from ...model import TERMINAL
from .due import DueTimes
from .sequence import page

_OVERHEAD = 1024
"""Bytes a record takes besides what it was asked and how it ended, about."""


class MemoryTaskStore:
    """Bounded in records and in bytes: the oldest finished tasks make room for new ones, whoever
    owns them; unfinished ones stay."""

    name = "memory"

    def __init__(self, max_records: int = 100_000, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._records: dict[str, TaskRecord] = {}
        self._owned: dict[str, dict[str, int]] = {}
        self._finished: dict[str, None] = {}
        self._sizes: dict[str, int] = {}
        self._bytes = 0
        self._due = DueTimes()
        self._sequence = count(1)

    @property
    def records_held(self) -> int:
        return len(self._records)

    @property
    def bytes_held(self) -> int:
        """What the records take, about."""
        return self._bytes

    async def create(self, record: TaskRecord) -> None:
        task_id = record.descriptor.task_id
        if task_id in self._records:
            raise ValueError(f"task {task_id} exists already")
        self._make_room(1, _size(record), spare=task_id)
        if len(self._records) >= self._max_records or (
            self._bytes + _size(record) > self._max_bytes
        ):
            raise LimitReached("invalid: the server holds as many unfinished tasks as it can")
        self._owned.setdefault(record.owner, {})[task_id] = next(self._sequence)
        self._put(record)
        self._due.add(task_id, record.expires_at)

    async def get(self, task_id: str) -> TaskRecord | None:
        record = self._records.get(task_id)
        return None if record is None else _copy(record)

    async def update(self, record: TaskRecord) -> TaskRecord | None:
        task_id = record.descriptor.task_id
        known = self._records.get(task_id)
        if known is None or known.version != record.version:
            return None
        stored = evolve(record, owner=known.owner, version=known.version + 1)
        self._put(stored)
        self._make_room(0, 0, spare=task_id)
        return _copy(stored)

    async def list(
        self, owner: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[TaskRecord], str | None]:
        keys, next_cursor = page(self._owned.get(owner, {}).items(), cursor, limit)
        return [_copy(self._records[key]) for key in keys], next_cursor

    async def trim(self, owner: str, keep: int) -> int:
        owned = self._owned.get(owner, {})
        excess = len(owned) - max(keep, 0)
        if excess > 0:
            finished = (key for key in owned if key in self._finished)
            for task_id in list(islice(finished, excess)):
                self._remove(task_id)
        return len(owned)

    async def delete(self, task_id: str) -> None:
        self._remove(task_id)

    async def expire(self, now: float) -> Sequence[str]:
        expired = self._due.take(now)
        for task_id in expired:
            self._remove(task_id)
        return expired

    async def next_expiry(self) -> float | None:
        return self._due.next()

    def _put(self, record: TaskRecord) -> None:
        task_id = record.descriptor.task_id
        self._bytes += _size(record) - self._sizes.get(task_id, 0)
        self._sizes[task_id] = _size(record)
        self._records[task_id] = _copy(record)
        if record.descriptor.status in TERMINAL:
            self._finished[task_id] = None

    def _remove(self, task_id: str) -> None:
        record = self._records.pop(task_id, None)
        if record is None:
            return
        self._bytes -= self._sizes.pop(task_id)
        self._finished.pop(task_id, None)
        self._due.discard(task_id)
        owned = self._owned[record.owner]
        del owned[task_id]
        if not owned:
            del self._owned[record.owner]

    def _make_room(self, records: int, size: int, *, spare: str) -> None:
        while len(self._records) + records > self._max_records or (
            self._bytes + size > self._max_bytes
        ):
            oldest = next((key for key in self._finished if key != spare), None)
            if oldest is None:
                return
            self._remove(oldest)


def _size(record: TaskRecord) -> int:
    requests = record.descriptor.input_requests
    asked = len(jsontext.dumps(requests)) if requests else 0
    return _OVERHEAD + len(record.input) + len(record.outcome or b"") + asked


def _copy(record: TaskRecord) -> TaskRecord:
    requests = record.descriptor.input_requests
    copied = None if requests is None else dict(requests)
    return evolve(record, descriptor=evolve(record.descriptor, input_requests=copied))
