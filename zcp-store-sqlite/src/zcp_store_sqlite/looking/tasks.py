"""The tasks in a file, whoever owns them.

A task is shown as servers show it (`taskId`, `kind`, `status`, …), with its `owner`, `attempt` and
`holder`. Every function raises `StoreError`; those that take an id `NotFound`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import evolve
from zcp_kernel.codec import PLAIN
from zcp_kernel.contracts import TaskRecord
from zcp_kernel.errors import NotFound
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.model import TERMINAL

from ..connection import StoreError
from ..database import Database
from ..tasks import SQLiteTaskStore
from .file import key_of, with_database

__all__ = ["cancel", "details", "newest", "prune", "retry"]

DAY_SECONDS = 86_400
MOST_TRIES = 100
"""How often a change is tried again that the running server was faster than."""


def newest(file: Path, limit: int, status: str | None = None) -> list[dict[str, Any]]:
    """Up to `limit` tasks, the newest first; only those of `status`, if it is given."""

    async def work(database: Database) -> list[dict[str, Any]]:
        found = await SQLiteTaskStore(database, key_of()).newest(limit, status)
        return [_shown(record) for record in found]

    return with_database(file, work)


def details(file: Path, task_id: str) -> dict[str, Any]:
    """`{task, input, caller, expiresAt}`, and `result` or `error` of one that ended."""

    async def work(database: Database) -> dict[str, Any]:
        record = await _known(SQLiteTaskStore(database, key_of()), task_id)
        ended: dict[str, Any] = {} if record.outcome is None else loads(record.outcome)
        return {
            "task": _shown(record),
            "input": loads(record.input),
            "caller": loads(record.caller),
            "expiresAt": record.expires_at,
            **ended,
        }

    return with_database(file, work)


def cancel(file: Path, task_id: str) -> dict[str, Any]:
    """End a task, which is returned; the process that runs it stops at its next change."""

    async def work(database: Database) -> dict[str, Any]:
        store = SQLiteTaskStore(database, key_of())
        for _ in range(MOST_TRIES):
            stored = await store.update(_cancelled(await _known(store, task_id)))
            if stored is not None:
                return _shown(stored)
        raise StoreError(f"{task_id} changed {MOST_TRIES} times meanwhile; try again")

    return with_database(file, work)


def retry(file: Path, task_id: str) -> dict[str, Any]:
    """Let a task that failed or was cancelled run again, by whichever server has room for it."""

    async def work(database: Database) -> dict[str, Any]:
        store = SQLiteTaskStore(database, key_of())
        record = await _known(store, task_id)
        if record.descriptor.status not in ("failed", "cancelled"):
            raise StoreError(
                f"{task_id} is {record.descriptor.status}; only what failed or was cancelled can "
                "run again"
            )
        queued = evolve(record.descriptor, status="queued", status_message="to be run again")
        waiting = evolve(record, descriptor=queued, outcome=None)
        await store.requeue(waiting)
        return _shown(waiting)

    return with_database(file, work)


def prune(file: Path, days: float) -> int:
    """Remove tasks that ended so long ago; returns how many."""

    async def work(database: Database) -> int:
        return await SQLiteTaskStore(database, key_of()).prune(days * DAY_SECONDS)

    return with_database(file, work)


async def _known(store: SQLiteTaskStore, task_id: str) -> TaskRecord:
    record = await store.get(task_id)
    if record is None:
        raise NotFound("task", task_id)
    return record


def _cancelled(record: TaskRecord) -> TaskRecord:
    task = record.descriptor
    if task.status in TERMINAL:
        raise StoreError(f"{task.task_id} has ended already: {task.status}")
    ended = evolve(
        task, status="cancelled", status_message="cancelled by an operator", input_requests=None
    )
    outcome = dumps({"error": {"code": 499, "message": f"cancelled:{task.task_id}"}})
    return evolve(record, descriptor=ended, outcome=outcome)


def _shown(record: TaskRecord) -> dict[str, Any]:
    task: dict[str, Any] = PLAIN.encode(record.descriptor)
    return {**task, "owner": record.owner, "attempt": record.attempt, "holder": record.holder}
