"""Secrets in the file, shared by the processes that use it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from sqlite3 import Connection

from zcp_kernel.contracts import REFRESH_SECONDS

from .database import Database

__all__ = ["SQLiteKeyStore"]

SECRET_BYTES = 32
RIPE_SECONDS = 2 * REFRESH_SECONDS
"""A new secret seals nothing before every process has had the time to hear of it."""


class SQLiteKeyStore:
    """Implements `zcp_kernel.contracts.KeyStore`: a new secret every `renew_seconds`, the newest
    `kept` of which open what was sealed before."""

    name = "sqlite"
    configured = True

    def __init__(self, database: Database, renew_seconds: float = 86_400.0, kept: int = 3) -> None:
        self._database = database
        self._renew_seconds = renew_seconds
        self._kept = kept

    async def secrets(self) -> Sequence[str]:
        """The secrets in force: the first seals, all open."""
        now = time.time()

        def renewed(connection: Connection) -> list[tuple[str, float]]:
            rows = _newest_first(connection)
            # A time of day that was set back makes secrets of the future: those count as new.
            if not rows or now - rows[0][1] >= self._renew_seconds:
                secret = secrets.token_urlsafe(SECRET_BYTES)
                connection.execute(
                    "INSERT INTO secrets (secret, made_at) VALUES (?, ?)", (secret, now)
                )
                connection.execute(
                    "DELETE FROM secrets WHERE seq <= (SELECT max(seq) FROM secrets) - ?",
                    (self._kept,),
                )
            return _newest_first(connection)

        rows = await self._database.write(renewed)
        ripe = [secret for secret, made_at in rows if now - made_at >= RIPE_SECONDS]
        return [*ripe, *(secret for secret, _ in rows if secret not in ripe)]


def _newest_first(connection: Connection) -> list[tuple[str, float]]:
    return connection.execute("SELECT secret, made_at FROM secrets ORDER BY seq DESC").fetchall()
