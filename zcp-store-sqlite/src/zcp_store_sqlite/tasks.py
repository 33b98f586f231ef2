"""Tasks in the file."""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any

from attrs import evolve
from zcp_kernel.codec import PLAIN
from zcp_kernel.contracts import TaskRecord
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.model import TERMINAL, TaskDescriptor

from .cursors import after, page
from .database import Database

__all__ = ["SQLiteTaskStore"]

_COLUMNS = "seq, descriptor, owner, operation, input, outcome, expires_at, version"


class SQLiteTaskStore:
    """Implements `zcp_kernel.contracts.TaskStore`."""

    name = "sqlite"
    configured = True

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self) -> None:
        """Raises `StoreError` unless the store can be used."""
        await self._database.check()

    async def create(self, record: TaskRecord) -> None:
        """Raises `ValueError` if the id exists."""
        row = (
            record.descriptor.task_id,
            record.owner,
            record.descriptor.status in TERMINAL,
            dumps(PLAIN.encode(record.descriptor)),
            record.operation,
            record.input,
            record.outcome,
            record.expires_at,
            record.version,
        )

        def insert(connection: Connection) -> int:
            return connection.execute(
                "INSERT INTO tasks (id, owner, finished, descriptor, operation, input, outcome, "
                "expires_at, version) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING",
                row,
            ).rowcount

        if not await self._database.write(insert):
            raise ValueError(f"task {record.descriptor.task_id} exists already")

    async def get(self, task_id: str) -> TaskRecord | None:
        def select(connection: Connection) -> Any:
            return connection.execute(
                f"SELECT {_COLUMNS} FROM tasks WHERE id = ?", (task_id,)
            ).fetchone()

        row = await self._database.read(select)
        return None if row is None else _record(row)

    async def update(self, record: TaskRecord) -> TaskRecord | None:
        task_id, version = record.descriptor.task_id, record.version
        changed = (
            record.descriptor.status in TERMINAL,
            dumps(PLAIN.encode(record.descriptor)),
            record.outcome,
            record.expires_at,
        )

        def change(connection: Connection) -> Any:
            return connection.execute(
                "UPDATE tasks SET finished=?, descriptor=?, outcome=?, expires_at=?, "
                "version=version+1 WHERE id=? AND version=? RETURNING owner",
                (*changed, task_id, version),
            ).fetchone()

        row = await self._database.write(change)
        return None if row is None else evolve(_copy(record), owner=row[0], version=version + 1)

    async def list(
        self, owner: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[TaskRecord], str | None]:
        start = after(cursor)

        def select(connection: Connection) -> list[Any]:
            return connection.execute(
                f"SELECT {_COLUMNS} FROM tasks WHERE owner = ? AND seq > ? ORDER BY seq LIMIT ?",
                (owner, start, limit + 1),
            ).fetchall()

        rows, following = page(await self._database.read(select), limit)
        return [_record(row) for row in rows], following

    async def trim(self, owner: str, keep: int) -> int:
        def shorten(connection: Connection) -> int:
            count = _count(connection, owner)
            excess = count - max(keep, 0)
            if excess <= 0:
                return count
            gone = connection.execute(
                "DELETE FROM tasks WHERE seq IN (SELECT seq FROM tasks WHERE owner = ? AND "
                "finished ORDER BY seq LIMIT ?)",
                (owner, excess),
            ).rowcount
            return count - gone

        return await self._database.write(shorten)

    async def delete(self, task_id: str) -> None:
        await self._database.write(
            lambda connection: connection.execute("DELETE FROM tasks WHERE id = ?", (task_id,))
        )

    async def expire(self, now: float) -> Sequence[str]:
        def remove(connection: Connection) -> list[str]:
            found = connection.execute(
                "DELETE FROM tasks WHERE expires_at <= ? RETURNING id", (now,)
            )
            return [row[0] for row in found.fetchall()]

        return await self._database.write(remove)

    async def next_expiry(self) -> float | None:
        def least(connection: Connection) -> float | None:
            found: float | None = connection.execute(
                "SELECT min(expires_at) FROM tasks WHERE expires_at IS NOT NULL"
            ).fetchone()[0]
            return found

        return await self._database.read(least)


def _count(connection: Connection, owner: str) -> int:
    found: int = connection.execute(
        "SELECT count(*) FROM tasks WHERE owner = ?", (owner,)
    ).fetchone()[0]
    return found


def _record(row: Any) -> TaskRecord:
    _, descriptor, owner, operation, given, outcome, expires_at, version = row
    shape: TaskDescriptor = PLAIN.decode(TaskDescriptor, loads(descriptor))
    return TaskRecord(shape, owner, operation, given, outcome, expires_at, version)


def _copy(record: TaskRecord) -> TaskRecord:
    requests = record.descriptor.input_requests
    copied = None if requests is None else dict(requests)
    return evolve(record, descriptor=evolve(record.descriptor, input_requests=copied))
