"""What must not be done twice, in the file."""

from __future__ import annotations

import time
from sqlite3 import Connection

from .database import AT_ONCE, Database

__all__ = ["SQLiteOnceStore"]


class SQLiteOnceStore:
    """Implements `zcp_kernel.contracts.OnceStore`."""

    name = "sqlite"
    configured = True

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, key: str, expires_at: float) -> tuple[bool, bytes | None]:
        """Whether it is the caller's to do; else what came of it, None if that is not known."""

        def mark(connection: Connection) -> tuple[bool, bytes | None]:
            connection.execute(
                "DELETE FROM once WHERE key = ? AND expires_at <= ?", (key, time.time())
            )
            added = connection.execute(
                "INSERT INTO once VALUES (?, NULL, ?) ON CONFLICT (key) DO NOTHING",
                (key, expires_at),
            ).rowcount
            if added:
                return True, None
            row = connection.execute("SELECT value FROM once WHERE key = ?", (key,)).fetchone()
            return False, row[0]

        return await self._database.write(mark)

    async def finish(self, key: str, value: bytes) -> None:
        """What came of it."""
        await self._database.write(
            lambda connection: connection.execute(
                "UPDATE once SET value = ? WHERE key = ?", (value, key)
            )
        )

    def tidy(self, connection: Connection) -> int:
        """Remove what may be forgotten."""
        return connection.execute(
            "DELETE FROM once WHERE key IN (SELECT key FROM once WHERE expires_at <= ? LIMIT ?)",
            (time.time(), AT_ONCE),
        ).rowcount
