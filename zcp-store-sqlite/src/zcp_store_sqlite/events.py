"""What was sent on event streams, in the file, so that any process can send it again."""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection

from zcp_kernel.contracts import LoggedEvent

from .database import AT_ONCE, Database
from .leases import lease_clock

__all__ = ["SQLiteEventLog"]

MIB = 1024 * 1024
KEPT_SECONDS = 86_400.0


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
        max_bytes_total: int = 256 * MIB,
    ) -> None:
        self._database = database
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._max_streams = max_streams
        self._max_bytes_total = max_bytes_total

    async def check(self) -> None:
        """Raises `StoreError` unless the log can be used."""
        await self._database.check()

    def tidy(self, connection: Connection) -> int:
        """Remove streams nobody used for a day, and beyond the bytes in all the longest unused.
        Those of a session that is stored go with it, unless there is no room."""
        now = lease_clock()
        old = connection.execute(
            "SELECT session, stream, size FROM streams WHERE (at <= ? OR at > ?) AND session NOT "
            "IN (SELECT id FROM sessions) LIMIT ?",
            (now - KEPT_SECONDS, now + 1, AT_ONCE),
        ).fetchall()
        total = connection.execute("SELECT ifnull(sum(size), 0) FROM streams").fetchone()[0]
        excess = total - sum(row[2] for row in old) - self._max_bytes_total
        if excess > 0:
            rows = connection.execute(
                "SELECT session, stream, size FROM streams ORDER BY at LIMIT ?", (AT_ONCE,)
            ).fetchall()
            for row in rows:
                if excess <= 0:
                    break
                old.append(row)
                excess -= row[2]
        for session, stream, _ in old:
            _drop_stream(connection, session, stream)
        return len(old)

    async def append(self, session: str, stream: int, frame: bytes, *, last: bool = False) -> int:
        """Store the stream's next event; returns its number. Raises `ValueError` after its last."""

        def add(connection: Connection) -> int:
            number = _next_number(connection, session, stream, last, len(frame))
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
        count, size = _held(connection, session)
        if count <= self._max_streams and size <= self._max_bytes:
            return
        streams = connection.execute(
            "SELECT stream, count, ended FROM streams WHERE session = ? ORDER BY used", (session,)
        ).fetchall()
        ended = [stream for stream, _, over in streams if over and stream != current]
        while len(streams) > self._max_streams and ended:
            streams = [row for row in streams if row[0] != ended[0]]
            _drop_stream(connection, session, ended.pop(0))
        size = _held(connection, session)[1]
        for stream, count, over in streams:
            if size <= self._max_bytes:
                return
            spared = stream == current and not over
            _drop_oldest(connection, session, stream, size - self._max_bytes, count - spared)
            size = _held(connection, session)[1]
        while size > self._max_bytes and ended:
            _drop_stream(connection, session, ended.pop(0))
            size = _held(connection, session)[1]


def _next_number(connection: Connection, session: str, stream: int, last: bool, size: int) -> int:
    row = connection.execute(
        "INSERT INTO streams VALUES (?1, ?2, 1, 0, ?3, "
        "(SELECT ifnull(max(used), 0) + 1 FROM streams WHERE session = ?1), ?4, ?5) "
        "ON CONFLICT (session, stream) DO UPDATE SET count = count + 1, ended = ?3, used = "
        "(SELECT max(used) + 1 FROM streams WHERE session = ?1), size = size + ?4, at = ?5 "
        "WHERE NOT ended RETURNING count",
        (session, stream, last, size, lease_clock()),
    ).fetchone()
    if row is None:
        raise ValueError(f"stream {stream} has ended")
    number: int = row[0]
    return number


def _held(connection: Connection, session: str) -> tuple[int, int]:
    """How many streams are kept of a session, and how many bytes in them."""
    found: tuple[int, int] = connection.execute(
        "SELECT count(*), ifnull(sum(size), 0) FROM streams WHERE session = ?", (session,)
    ).fetchone()
    return found


def _drop(connection: Connection, session: str, stream: int, upto: int) -> None:
    """Drop the events of a stream up to this number, its answer apart."""
    if upto <= 0:
        return
    gone = connection.execute(
        "DELETE FROM events WHERE session = ? AND stream = ? AND number <= ? AND NOT last "
        "RETURNING length(frame)",
        (session, stream, upto),
    ).fetchall()
    if gone:
        connection.execute(
            "UPDATE streams SET lost = max(lost, ?), size = size - ? WHERE session = ? AND "
            "stream = ?",
            (upto, sum(row[0] for row in gone), session, stream),
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
