"""Events between the processes that share the file.

A subscriber looks whether there is something new, several times a second, from a position of its
own; so a process that only publishes costs the others nothing but that look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from sqlite3 import Connection
from typing import Any

import anyio
import anyio.lowlevel
from zcp_kernel.contracts import Lagged
from zcp_kernel.jsontext import dumps, loads

from .database import Database
from .leases import lease_clock

__all__ = ["SQLiteBus"]

LOOK_SECONDS = 0.02
AT_ONCE = 256
KEPT_SECONDS = 600.0


class SQLiteBus:
    """Implements `zcp_kernel.contracts.Bus`; events are JSON. Keeps at most `backlog` events of a
    topic: for a subscriber that is slower the oldest are dropped, and it is told."""

    name = "sqlite"
    configured = True

    def __init__(self, database: Database, backlog: int = 1024) -> None:
        self._database = database
        self._backlog = backlog

    async def publish(self, topic: str, event: Any) -> None:
        frame, now = dumps(event), lease_clock()

        def add(connection: Connection) -> None:
            number = connection.execute(
                "INSERT INTO topics VALUES (?, 1) ON CONFLICT (topic) DO UPDATE SET "
                "count = count + 1 RETURNING count",
                (topic,),
            ).fetchone()[0]
            connection.execute("INSERT INTO bus VALUES (?,?,?,?)", (topic, number, frame, now))
            connection.execute(
                "DELETE FROM bus WHERE topic = ? AND number <= ?", (topic, number - self._backlog)
            )

        await self._database.write(add)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncGenerator[AsyncIterator[Any]]:
        yield _Subscription(self._database, topic, await self._position(topic))

    def tidy(self, connection: Connection) -> int:
        """Remove what every subscriber that lives has heard, and what was said before the machine
        started anew."""
        now = lease_clock()
        return connection.execute(
            "DELETE FROM bus WHERE at <= ? OR at > ?", (now - KEPT_SECONDS, now + 1)
        ).rowcount

    async def _position(self, topic: str) -> int:
        def select(connection: Connection) -> int:
            row = connection.execute(
                "SELECT count FROM topics WHERE topic = ?", (topic,)
            ).fetchone()
            return 0 if row is None else row[0]

        return await self._database.read(select)


class _Subscription(AsyncIterator[Any]):
    def __init__(self, database: Database, topic: str, position: int) -> None:
        self._database = database
        self._topic = topic
        self._position = position
        self._events: deque[tuple[int, bytes]] = deque()

    async def __anext__(self) -> Any:
        await anyio.lowlevel.checkpoint()
        while not self._events:
            self._events.extend(await self._database.read(self._look))
            if not self._events:
                await anyio.sleep(LOOK_SECONDS)
        number, frame = self._events[0]
        missed = number - self._position - 1
        if missed:
            self._position = number - 1
            raise Lagged(missed)
        self._events.popleft()
        self._position = number
        return loads(frame)

    def _look(self, connection: Connection) -> list[tuple[int, bytes]]:
        return connection.execute(
            "SELECT number, event FROM bus WHERE topic = ? AND number > ? ORDER BY number LIMIT ?",
            (self._topic, self._position, AT_ONCE),
        ).fetchall()
