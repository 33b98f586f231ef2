"""A task store in a dict; its tasks live as long as the composition."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from attrs import define, evolve, field
from zcp_kernel.contracts import TaskRecord
from zcp_kernel.model import TERMINAL


@define
class AcmeTaskStore:
    """Tasks by id, numbered as they come; a cursor is the last number seen."""

    name: str = "acme"
    _records: dict[str, tuple[int, TaskRecord]] = field(factory=dict)
    _created: int = 0

    async def create(self, record: TaskRecord) -> None:
        task_id = record.descriptor.task_id
        if task_id in self._records:
            raise ValueError(f"task {task_id} exists")
        self._created += 1
        self._records[task_id] = (self._created, deepcopy(record))

    async def get(self, task_id: str) -> TaskRecord | None:
        entry = self._records.get(task_id)
        return None if entry is None else deepcopy(entry[1])

    async def update(self, record: TaskRecord) -> TaskRecord | None:
        task_id = record.descriptor.task_id
        entry = self._records.get(task_id)
        if entry is None or entry[1].version != record.version:
            return None
        stored = evolve(record, version=record.version + 1)
        self._records[task_id] = (entry[0], deepcopy(stored))
        return stored

    async def list(
        self, owner: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[TaskRecord], str | None]:
        seen = _number(cursor)
        later = [(n, one) for n, one in self._of(owner) if n > seen]
        page = later[:limit]
        more = str(page[-1][0]) if len(later) > limit else None
        return [deepcopy(record) for _, record in page], more

    async def trim(self, owner: str, keep: int) -> int:
        mine = self._of(owner)
        finished = [one for _, one in mine if one.descriptor.status in TERMINAL]
        for record in finished[: max(0, len(mine) - keep)]:
            await self.delete(record.descriptor.task_id)
        return len(self._of(owner))

    async def delete(self, task_id: str) -> None:
        self._records.pop(task_id, None)

    async def expire(self, now: float) -> Sequence[str]:
        over = [
            task_id
            for task_id, (_, record) in self._records.items()
            if record.expires_at is not None and record.expires_at <= now
        ]
        for task_id in over:
            del self._records[task_id]
        return over

    async def next_expiry(self) -> float | None:
        times = [record.expires_at for _, record in self._records.values()]
        return min((time for time in times if time is not None), default=None)

    def _of(self, owner: str) -> Sequence[tuple[int, TaskRecord]]:
        return [entry for entry in self._records.values() if entry[1].owner == owner]


def _number(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise ValueError(f"{cursor!r} is no cursor of this store")
    return int(cursor)
