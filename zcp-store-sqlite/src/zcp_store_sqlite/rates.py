"""What callers did, counted in the file."""

from __future__ import annotations

from sqlite3 import Connection

from .database import Database
from .leases import lease_clock

__all__ = ["SQLiteRateStore"]


class SQLiteRateStore:
    """Implements `zcp_kernel.contracts.RateStore`."""

    name = "sqlite"
    configured = True

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, caller: str, window_seconds: float, most: int) -> tuple[int, int, float]:
        """Count one, unless that makes too many; see the contract."""
        windows = lease_clock() / window_seconds
        begins = float(int(windows))
        elapsed = windows - begins

        def add(connection: Connection) -> tuple[int, int, float]:
            connection.execute("DELETE FROM rates WHERE begins < ?", (begins - 1,))
            counted = dict(
                connection.execute(
                    "SELECT begins, count FROM rates WHERE caller = ?", (caller,)
                ).fetchall()
            )
            count, before = counted.get(begins, 0), counted.get(begins - 1, 0)
            if count + before * (1 - elapsed) < most:
                connection.execute(
                    "INSERT INTO rates VALUES (?, ?, 1) "
                    "ON CONFLICT (caller, begins) DO UPDATE SET count = count + 1",
                    (caller, begins),
                )
            return count, before, elapsed

        return await self._database.write(add)
