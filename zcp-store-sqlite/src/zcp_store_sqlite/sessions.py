"""Sessions in the file."""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any

from attrs import astuple
from zcp_kernel.contracts import StoredCall, StoredSession

from .database import AT_ONCE, Database
from .leases import lease_clock

__all__ = ["SQLiteSessionStore"]

MAX_CALLS = 256
FORGOTTEN_SECONDS = 7 * 86_400.0
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
                "ON CONFLICT (id) DO UPDATE SET "
                "plane = excluded.plane, revision = excluded.revision, "
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

    async def begin(self, session_id: str, call: StoredCall) -> None:
        row = (session_id, *astuple(call))

        def add(connection: Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO calls VALUES (?,?,?,?,?)", row)
            connection.execute(
                "DELETE FROM calls WHERE session = ?1 AND stream <= (SELECT stream FROM calls "
                "WHERE session = ?1 ORDER BY stream DESC LIMIT 1 OFFSET ?2)",
                (session_id, MAX_CALLS),
            )

        await self._database.write(add)

    async def begun(self, session_id: str) -> Sequence[StoredCall]:
        def select(connection: Connection) -> list[Any]:
            return connection.execute(
                "SELECT stream, worker, ids, key FROM calls WHERE session = ? ORDER BY stream",
                (session_id,),
            ).fetchall()

        return [StoredCall(*row) for row in await self._database.read(select)]

    async def forget(self, session_id: str, worker: str) -> bool:
        def remove(connection: Connection) -> bool:
            gone = connection.execute(
                "DELETE FROM sessions WHERE id = ? AND worker = ?", (session_id, worker)
            ).rowcount
            if gone:
                connection.execute("DELETE FROM calls WHERE session = ?", (session_id,))
            return gone > 0

        return await self._database.write(remove)

    async def expire(self, idle_seconds: float) -> Sequence[str]:
        now = lease_clock()

        def remove(connection: Connection) -> list[str]:
            # Used in the future: the machine has started anew since.
            rows = connection.execute(
                "DELETE FROM sessions WHERE used <= ? OR used > ? RETURNING id",
                (now - idle_seconds, now + 1),
            ).fetchall()
            connection.executemany("DELETE FROM calls WHERE session = ?", rows)
            return [row[0] for row in rows]

        return await self._database.write(remove)

    async def list(self, limit: int) -> Sequence[StoredSession]:
        def select(connection: Connection) -> list[Any]:
            return connection.execute(
                f"SELECT {_COLUMNS} FROM sessions ORDER BY used DESC LIMIT ?", (limit,)
            ).fetchall()

        return [StoredSession(*row) for row in await self._database.read(select)]

    def tidy(self, connection: Connection) -> int:
        """Remove what nobody came back for in a week, and calls without their session."""
        now = lease_clock()
        old = connection.execute(
            "DELETE FROM sessions WHERE used <= ? OR used > ?", (now - FORGOTTEN_SECONDS, now + 1)
        ).rowcount
        return (
            old
            + connection.execute(
                "DELETE FROM calls WHERE (session, stream) IN (SELECT session, stream FROM calls "
                "WHERE session NOT IN (SELECT id FROM sessions) LIMIT ?)",
                (AT_ONCE,),
            ).rowcount
        )
