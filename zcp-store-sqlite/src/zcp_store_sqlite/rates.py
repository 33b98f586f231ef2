"""What callers did, counted in the file."""

from __future__ import annotations

from sqlite3 import Connection

from .database import AT_ONCE, Database
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
        now = lease_clock()
        begins = now // window_seconds * window_seconds
        earlier, elapsed = begins - window_seconds, (now - begins) / window_seconds

        def add(connection: Connection) -> tuple[int, int, float]:
            counted = dict(
                connection.execute(
                    "SELECT begins, count FROM rates WHERE caller = ?", (caller,)
                ).fetchall()
            )
            count, before = counted.get(begins, 0), counted.get(earlier, 0)
            if count + before * (1 - elapsed) < most:
                connection.execute(
                    "INSERT INTO rates VALUES (?, ?, 1, ?) "
                    "ON CONFLICT (caller, begins) DO UPDATE SET count = count + 1",
                    (caller, begins, begins + 2 * window_seconds),
                )
            return count, before, elapsed

        return await self._database.write(add)

    def tidy(self, connection: Connection) -> int:
        """Remove counts of windows that no longer matter; of those begun in the future, the machine
        has started anew since."""
        now = lease_clock()
        return connection.execute(
            "DELETE FROM rates WHERE (caller, begins) IN (SELECT caller, begins FROM rates WHERE "
            "over <= ? OR begins > ? LIMIT ?)",
            (now, now + 1, AT_ONCE),
        ).rowcount
