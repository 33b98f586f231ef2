"""Tasks in the file."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any

from attrs import evolve
from zcp_kernel.codec import PLAIN
from zcp_kernel.contracts import TaskRecord
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.model import TERMINAL, TaskDescriptor

from .cursors import after, page
from .database import AT_ONCE, Database
from .leases import FIRST_LEASE_SECONDS, forget_former_boots, lease_clock
from .sealing import Clear

__all__ = ["SQLiteTaskStore"]

_COLUMNS = (
    "seq, descriptor, owner, operation, input, outcome, expires_at, version, attempt, holder, "
    "due_at, priority, caller"
)
_PRIORITY = -2


class SQLiteTaskStore:
    """Implements `zcp_kernel.contracts.SharedTaskStore`."""

    name = "sqlite"
    configured = True

    def __init__(self, database: Database, seal: Clear | None = None) -> None:
        """Inputs and outcomes are sealed with `seal`."""
        self._database = database
        self._seal = seal or Clear()
        self._lease_seconds = FIRST_LEASE_SECONDS

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
            self._seal.seal(record.input, record.descriptor.task_id),
            self._sealed(record),
            record.expires_at,
            record.version,
            record.attempt,
            record.holder,
            record.due_at,
            record.priority,
            record.caller,
            record.descriptor.kind,
        )

        def insert(connection: Connection) -> int:
            return connection.execute(
                "INSERT INTO tasks (id, owner, finished, descriptor, operation, input, outcome, "
                "expires_at, version, attempt, holder, due_at, priority, caller, kind, held_until) "
                "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING",
                (*row, lease_clock() + self._lease_seconds),
            ).rowcount

        if not await self._database.write(insert):
            raise ValueError(f"task {record.descriptor.task_id} exists already")

    async def get(self, task_id: str) -> TaskRecord | None:
        def select(connection: Connection) -> Any:
            return connection.execute(
                f"SELECT {_COLUMNS} FROM tasks WHERE id = ?", (task_id,)
            ).fetchone()

        row = await self._database.read(select)
        return None if row is None else self._record(row)

    async def update(self, record: TaskRecord) -> TaskRecord | None:
        task_id, version = record.descriptor.task_id, record.version
        changed = (
            record.descriptor.status in TERMINAL,
            dumps(PLAIN.encode(record.descriptor)),
            self._sealed(record),
            record.expires_at,
            record.attempt,
        )

        def change(connection: Connection) -> Any:
            return connection.execute(
                "UPDATE tasks SET finished=?, descriptor=?, outcome=?, expires_at=?, "
                "attempt=?, version=version+1 WHERE id=? AND version=? RETURNING owner",
                (*changed, task_id, version),
            ).fetchone()

        row = await self._database.write(change)
        return None if row is None else evolve(_copy(record), owner=row[0], version=version + 1)

    def _sealed(self, record: TaskRecord) -> bytes | None:
        outcome = record.outcome
        return None if outcome is None else self._seal.seal(outcome, record.descriptor.task_id)

    def _record(self, row: Any) -> TaskRecord:
        _, descriptor, *rest = row
        shape: TaskDescriptor = PLAIN.decode(TaskDescriptor, loads(descriptor))
        record = TaskRecord(shape, *rest)
        given = self._seal.open(record.input, shape.task_id)
        outcome = record.outcome
        if outcome is not None:
            outcome = self._seal.open(outcome, shape.task_id)
        if given is record.input and outcome is record.outcome:
            return record
        return evolve(record, input=given, outcome=outcome)

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
        return [self._record(row) for row in rows], following

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

    async def hold(self, holder: str, seconds: float) -> None:
        """Hold every unfinished task of `holder` for so many seconds from now."""
        self._lease_seconds = seconds or self._lease_seconds
        await self._database.write(
            lambda connection: connection.execute(
                "UPDATE tasks SET held_until = ? WHERE holder = ? AND NOT finished",
                (lease_clock() + seconds, holder),
            )
        )

    async def claim(
        self, holder: str, seconds: float, kinds: Collection[str], now: float, limit: int
    ) -> Sequence[TaskRecord]:
        """Take what nobody holds, and what waits for a holder and is of `kinds`."""
        self._lease_seconds = seconds
        wanted = dumps(list(kinds)).decode()

        def take(connection: Connection) -> list[Any]:
            forget_former_boots(connection)
            clock = lease_clock()
            return connection.execute(
                "UPDATE tasks SET attempt = attempt + (holder IS NOT NULL), holder = ?1, "
                "held_until = ?2, version = version + 1 WHERE seq IN (SELECT seq FROM tasks WHERE "
                "NOT finished AND CASE WHEN holder IS NULL THEN ifnull(due_at, 0) <= ?3 AND kind "
                "IN (SELECT value FROM json_each(?4)) ELSE held_until <= ?5 AND holder <> ?1 END "
                f"ORDER BY priority DESC, seq LIMIT ?6) RETURNING {_COLUMNS}",
                (holder, clock + seconds, now, wanted, clock, limit),
            ).fetchall()

        rows = await self._database.write(take)
        # RETURNING keeps no order.
        rows.sort(key=lambda row: (-row[_PRIORITY], row[0]))
        return [self._record(row) for row in rows]

    # -- for operators -----------------------------------------------------------------------------

    async def newest(self, limit: int, status: str | None = None) -> Sequence[TaskRecord]:
        """The newest tasks of all owners; of one status, those among them."""

        def select(connection: Connection) -> list[Any]:
            return connection.execute(
                f"SELECT {_COLUMNS} FROM tasks WHERE ?1 IS NULL OR "
                "json_extract(CAST(descriptor AS TEXT), '$.status') = ?1 "
                "ORDER BY seq DESC LIMIT ?2",
                (status, limit),
            ).fetchall()

        return [self._record(row) for row in await self._database.read(select)]

    async def requeue(self, record: TaskRecord) -> None:
        """Let a task that has ended run again, from its start, with its life counted anew."""
        task = record.descriptor
        life = None if task.ttl is None else time.time() + task.ttl / 1000

        def change(connection: Connection) -> Any:
            return connection.execute(
                "UPDATE tasks SET finished = 0, descriptor = ?, outcome = NULL, holder = NULL, "
                "attempt = attempt + 1, version = version + 1, expires_at = ? WHERE id = ?",
                (dumps(PLAIN.encode(task)), life, task.task_id),
            )

        await self._database.write(change)

    async def prune(self, seconds: float) -> int:
        """Remove what ended so many seconds ago or earlier; returns how many."""
        before = datetime.fromtimestamp(time.time() - seconds, UTC).isoformat()

        def remove(connection: Connection) -> int:
            return connection.execute(
                "DELETE FROM tasks WHERE finished AND "
                "json_extract(CAST(descriptor AS TEXT), '$.lastUpdatedAt') <= ?",
                (before,),
            ).rowcount

        return await self._database.write(remove)

    # ----------------------------------------------------------------------------------------------

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

    def tidy(self, connection: Connection) -> int:
        """Remove what has ended and expired; what still runs is left to its process."""
        return connection.execute(
            "DELETE FROM tasks WHERE seq IN (SELECT seq FROM tasks WHERE expires_at <= ? AND "
            "finished LIMIT ?)",
            (time.time(), AT_ONCE),
        ).rowcount

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


def _copy(record: TaskRecord) -> TaskRecord:
    requests = record.descriptor.input_requests
    copied = None if requests is None else dict(requests)
    return evolve(record, descriptor=evolve(record.descriptor, input_requests=copied))
