"""Large results in the file."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any

from zcp_kernel.codec import PLAIN
from zcp_kernel.contracts import StoredHandle
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.model import HandleRef

from .cursors import after, page
from .database import AT_ONCE, Database

__all__ = ["SQLiteHandleStore"]

logger = logging.getLogger("zcp.handles")

MIB = 1024 * 1024
_SELECT = (
    "SELECT handles.seq, ref, owner, data, scopes, expires_at, outline FROM handles "
    "JOIN handle_data USING (seq) "
)


class SQLiteHandleStore:
    """Implements `zcp_kernel.contracts.HandleStore`; budgets are in bytes."""

    name = "sqlite"
    configured = True

    def __init__(
        self,
        database: Database,
        max_bytes_per_owner: int = 16 * MIB,
        max_bytes_total: int = 64 * MIB,
        max_remembered: int = 10_000,
    ) -> None:
        self._database = database
        self._max_bytes_per_owner = max_bytes_per_owner
        self._max_bytes_total = max_bytes_total
        self._max_remembered = max_remembered

    async def check(self) -> None:
        """Raises `StoreError` unless the store can be used."""
        await self._database.check()

    async def put(self, handle: StoredHandle) -> None:
        """Raises `ValueError` if the id exists or the value alone exceeds a budget."""
        budget = min(self._max_bytes_per_owner, self._max_bytes_total)
        size = len(handle.data)
        if size > budget:
            raise ValueError(f"{size} bytes exceed the budget of {budget} bytes for handles")
        ref, scopes = dumps(PLAIN.encode(handle.ref)), dumps(handle.scopes)

        def insert(connection: Connection) -> int:
            if _exists(connection, handle.ref.id):
                raise ValueError(f"handle {handle.ref.id} exists already")
            lost = self._make_room(connection, handle.owner, size)
            seq = connection.execute(
                "INSERT INTO handles (id, owner, ref, scopes, size, used, expires_at) VALUES "
                "(?,?,?,?,?, (SELECT ifnull(max(used), 0) + 1 FROM handles), ?)",
                (handle.ref.id, handle.owner, ref, scopes, size, handle.expires_at),
            ).lastrowid
            connection.execute(
                "INSERT INTO handle_data (seq, data, outline) VALUES (?, ?, ?)",
                (seq, handle.data, handle.outline),
            )
            return lost

        lost = await self._database.write(insert)
        if lost:
            logger.warning(
                "%d handles were given up for a new one of %d bytes; the budgets are "
                "[handles] max_bytes_per_owner and max_bytes_total",
                lost,
                size,
            )

    async def get(self, handle_id: str) -> StoredHandle | None:
        def take(connection: Connection) -> Any:
            connection.execute(
                "UPDATE handles SET used = (SELECT max(used) + 1 FROM handles) WHERE id = ?",
                (handle_id,),
            )
            return connection.execute(_SELECT + "WHERE id = ?", (handle_id,)).fetchone()

        row = await self._database.write(take)
        return None if row is None else _handle(row)

    async def was_known(self, handle_id: str, owner: str) -> bool:
        def select(connection: Connection) -> bool:
            return (
                connection.execute(
                    "SELECT 1 FROM lost_handles WHERE id = ? AND owner = ?", (handle_id, owner)
                ).fetchone()
                is not None
            )

        return await self._database.read(select)

    async def list(
        self, owner: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[StoredHandle], str | None]:
        start = after(cursor)

        def select(connection: Connection) -> list[Any]:
            return connection.execute(
                _SELECT + "WHERE owner = ? AND handles.seq > ? ORDER BY handles.seq LIMIT ?",
                (owner, start, limit + 1),
            ).fetchall()

        rows, following = page(await self._database.read(select), limit)
        return [_handle(row) for row in rows], following

    async def delete(self, handle_id: str) -> bool:
        return await self._database.write(
            lambda connection: (
                connection.execute("DELETE FROM handles WHERE id = ?", (handle_id,)).rowcount > 0
            )
        )

    async def expire(self, now: float) -> Sequence[str]:
        return await self._database.write(lambda connection: self._expire(connection, now, -1))

    def tidy(self, connection: Connection) -> int:
        """Remove what has expired."""
        return len(self._expire(connection, time.time(), AT_ONCE))

    async def next_expiry(self) -> float | None:
        def least(connection: Connection) -> float | None:
            found: float | None = connection.execute(
                "SELECT min(expires_at) FROM handles WHERE expires_at IS NOT NULL"
            ).fetchone()[0]
            return found

        return await self._database.read(least)

    # -- in the writer's thread --------------------------------------------------------------------

    def _expire(self, connection: Connection, now: float, limit: int) -> Sequence[str]:
        found = connection.execute(
            "SELECT seq, id, owner FROM handles WHERE expires_at <= ? LIMIT ?", (now, limit)
        ).fetchall()
        for row in found:
            self._lose(connection, row)
        return [row[1] for row in found]

    def _make_room(self, connection: Connection, owner: str, size: int) -> int:
        """The owner's own go first, those of others only when it has none left."""
        lost = 0
        while True:
            own = _size(connection, "WHERE owner = ?", owner)
            over_all = _size(connection, "") + size > self._max_bytes_total
            if not over_all and own + size <= self._max_bytes_per_owner:
                return lost
            where, args = ("WHERE owner = ?", (owner,)) if own else ("", ())
            oldest = connection.execute(
                f"SELECT seq, id, owner FROM handles {where} ORDER BY used LIMIT 1", args
            ).fetchone()
            if oldest is None:
                return lost
            self._lose(connection, oldest)
            lost += 1

    def _lose(self, connection: Connection, row: tuple[int, str, str]) -> None:
        seq, handle_id, owner = row
        connection.execute("DELETE FROM handles WHERE seq = ?", (seq,))
        connection.execute(
            "INSERT OR REPLACE INTO lost_handles (id, owner) VALUES (?, ?)", (handle_id, owner)
        )
        connection.execute(
            "DELETE FROM lost_handles WHERE seq <= (SELECT max(seq) FROM lost_handles) - ?",
            (self._max_remembered,),
        )


def _exists(connection: Connection, handle_id: str) -> bool:
    found = connection.execute("SELECT 1 FROM handles WHERE id = ?", (handle_id,)).fetchone()
    return found is not None


def _size(connection: Connection, where: str, *args: Any) -> int:
    found: int | None = connection.execute(
        f"SELECT sum(size) FROM handle_sizes {where}", args
    ).fetchone()[0]
    return found or 0


def _handle(row: Any) -> StoredHandle:
    _, ref, owner, data, scopes, expires_at, outline = row
    shape: HandleRef = PLAIN.decode(HandleRef, loads(ref))
    return StoredHandle(shape, owner, data, tuple(loads(scopes)), expires_at, outline)
