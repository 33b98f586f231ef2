"""What was sent on event streams, in the file, so that any process can send it again."""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection

from zcp_kernel.contracts import LoggedEvent

from .database import Database

__all__ = ["SQLiteEventLog"]

MIB = 1024 * 1024


class SQLiteEventLog:
    """Implements `zcp_kernel.contracts.EventLog`; bounded in events of a stream, and in bytes and
    streams of a session.

    What exceeds a session's bytes goes in this order: events of its longest unused streams, then
    their answers; the event just stored stays.
    """

    name = "sqlite"
    configured = True

    def __init__(
        self,
        database: Database,
        max_events: int = 256,
        max_bytes: int = MIB,
        max_streams: int = 64,
    ) -> None:
        self._database = database
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._max_streams = max_streams

    async def check(self) -> None:
        """Raises `StoreError` unless the log can be used."""
        await self._database.check()

    async def append(self, session: str, stream: int, frame: bytes, *, last: bool = False) -> int:
        """Store the stream's next event; returns its number. Raises `ValueError` after its last."""

        def add(connection: Connection) -> int:
            number = _next_number(connection, session, stream, last)
            connection.execute(
                "INSERT INTO events VALUES (?,?,?,?,?)", (session, stream, number, last, frame)
            )
            if not last:
                _drop(connection, session, stream, number - self._max_events)
            self._shrink(connection, session, stream)
            return number

        return await self._database.write(add)

    async def after(self, session: str, stream: int, number: int) -> Sequence[LoggedEvent] | None:
        """Every event of the stream above `number`; None unless all of them are still kept."""

        def select(connection: Connection) -> list[LoggedEvent] | None:
            known = connection.execute(
                "SELECT count, lost FROM streams WHERE session = ? AND stream = ?",
                (session, stream),
            ).fetchone()
            if known is None or not known[1] <= number <= known[0]:
                return None
            rows = connection.execute(
                "SELECT number, frame FROM events WHERE session = ? AND stream = ? AND number > ? "
                "ORDER BY number",
                (session, stream, number),
            ).fetchall()
            return [LoggedEvent(*row) for row in rows]

        return await self._database.read(select)

    async def forget(self, session: str) -> None:
        """Remove a session's streams; harmless if there are none."""

        def remove(connection: Connection) -> None:
            connection.execute("DELETE FROM events WHERE session = ?", (session,))
            connection.execute("DELETE FROM streams WHERE session = ?", (session,))

        await self._database.write(remove)

    def _shrink(self, connection: Connection, session: str, current: int) -> None:
        streams = connection.execute(
            "SELECT stream, count, ended FROM streams WHERE session = ? ORDER BY used", (session,)
        ).fetchall()
        ended = [stream for stream, _, over in streams if over and stream != current]
        while len(streams) > self._max_streams and ended:
            streams = [row for row in streams if row[0] != ended[0]]
            _drop_stream(connection, session, ended.pop(0))
        size = _size(connection, session)
        for stream, count, over in streams:
            if size <= self._max_bytes:
                return
            spared = stream == current and not over
            _drop_oldest(connection, session, stream, size - self._max_bytes, count - spared)
            size = _size(connection, session)
        while size > self._max_bytes and ended:
            _drop_stream(connection, session, ended.pop(0))
            size = _size(connection, session)


def _next_number(connection: Connection, session: str, stream: int, last: bool) -> int:
    row = connection.execute(
        "INSERT INTO streams VALUES (?1, ?2, 1, 0, ?3, "
        "(SELECT ifnull(max(used), 0) + 1 FROM streams WHERE session = ?1)) "
        "ON CONFLICT (session, stream) DO UPDATE SET count = count + 1, ended = ?3, used = "
        "(SELECT max(used) + 1 FROM streams WHERE session = ?1) WHERE NOT ended RETURNING count",
        (session, stream, last),
    ).fetchone()
    if row is None:
        raise ValueError(f"stream {stream} has ended")
    number: int = row[0]
    return number


def _size(connection: Connection, session: str) -> int:
    found: int | None = connection.execute(
        "SELECT sum(length(frame)) FROM events WHERE session = ?", (session,)
    ).fetchone()[0]
    return found or 0


def _drop(connection: Connection, session: str, stream: int, upto: int) -> None:
    """Drop the events of a stream up to this number, its answer apart."""
    if upto <= 0:
        return
    gone = connection.execute(
        "DELETE FROM events WHERE session = ? AND stream = ? AND number <= ? AND NOT last",
        (session, stream, upto),
    ).rowcount
    if gone:
        connection.execute(
            "UPDATE streams SET lost = max(lost, ?) WHERE session = ? AND stream = ?",
            (upto, session, stream),
        )


def _drop_oldest(connection: Connection, session: str, stream: int, excess: int, upto: int) -> None:
    """Drop events of a stream, oldest first, until `excess` bytes are gone; none above `upto`."""
    rows = connection.execute(
        "SELECT number, length(frame) FROM events WHERE session = ? AND stream = ? AND NOT last "
        "AND number <= ? ORDER BY number",
        (session, stream, upto),
    ).fetchall()
    last = 0
    for number, size in rows:
        if excess <= 0:
            break
        excess, last = excess - size, number
    _drop(connection, session, stream, last)


def _drop_stream(connection: Connection, session: str, stream: int) -> None:
    for table in ("events", "streams"):
        connection.execute(
            f"DELETE FROM {table} WHERE session = ? AND stream = ?", (session, stream)
        )
