"""Sessions in the file."""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any

from attrs import astuple
from zcp_kernel.contracts import StoredSession

from .database import Database
from .leases import lease_clock

__all__ = ["SQLiteSessionStore"]

_COLUMNS = "id, plane, revision, worker, generation, caller, facts"


class SQLiteSessionStore:
    """Implements `zcp_kernel.contracts.SessionStore`. Its clock is that of leases: a time of day
    that is set back keeps no session for longer."""

    name = "sqlite"
    configured = True

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self) -> None:
        """Raises `StoreError` unless the store can be used."""
        await self._database.check()

    async def save(self, session: StoredSession) -> None:
        row = (*astuple(session), lease_clock())
        await self._database.write(
            lambda connection: connection.execute(
                f"INSERT INTO sessions ({_COLUMNS}, used) VALUES (?,?,?,?,?,?,?,?) "
                "ON CONFLICT (id) DO UPDATE SET plane = excluded.plane, revision = excluded.revision, "
                "generation = excluded.generation, caller = excluded.caller, "
                "facts = excluded.facts, used = excluded.used WHERE worker = excluded.worker",
                row,
            )
        )

    async def load(self, session_id: str) -> StoredSession | None:
        def select(connection: Connection) -> Any:
            return connection.execute(
                f"SELECT {_COLUMNS} FROM sessions WHERE id = ?", (session_id,)
            ).fetchone()

        row = await self._database.read(select)
        return None if row is None else StoredSession(*row)

    async def touch(self, session_ids: Sequence[str]) -> None:
        rows = [(lease_clock(), each) for each in session_ids]
        await self._database.write(
            lambda connection: connection.executemany(
                "UPDATE sessions SET used = ? WHERE id = ?", rows
            )
        )

    async def take(self, session_id: str, of: str, worker: str) -> StoredSession | None:
        def change(connection: Connection) -> Any:
            return connection.execute(
                "UPDATE sessions SET worker = ?, generation = generation + 1, used = ? "
                f"WHERE id = ? AND worker = ? RETURNING {_COLUMNS}",
                (worker, lease_clock(), session_id, of),
            ).fetchone()

        row = await self._database.write(change)
        return None if row is None else StoredSession(*row)

    async def forget(self, session_id: str, worker: str) -> None:
        await self._database.write(
            lambda connection: connection.execute(
                "DELETE FROM sessions WHERE id = ? AND worker = ?", (session_id, worker)
            )
        )

    async def expire(self, idle_seconds: float) -> Sequence[str]:
        now = lease_clock()

        def remove(connection: Connection) -> list[str]:
            # Used in the future: the machine has started anew since.
            rows = connection.execute(
                "DELETE FROM sessions WHERE used <= ? OR used > ? RETURNING id",
                (now - idle_seconds, now + 1),
            )
            return [row[0] for row in rows.fetchall()]

        return await self._database.write(remove)

    async def list(self, limit: int) -> Sequence[StoredSession]:
        def select(connection: Connection) -> list[Any]:
            return connection.execute(
                f"SELECT {_COLUMNS} FROM sessions ORDER BY used DESC LIMIT ?", (limit,)
            ).fetchall()

        return [StoredSession(*row) for row in await self._database.read(select)]
