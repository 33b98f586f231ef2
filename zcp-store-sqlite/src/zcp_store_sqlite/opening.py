"""Opening the file: its mode, its limits, its schema."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from .migrations import migrate

__all__ = ["begin", "opened"]

CACHED_STATEMENTS = 256
WAL_PAGES = 4000
"""Pages after which a commit moves the log into the file; bounds how the log grows."""
KEPT_WAL_BYTES = 16 * 1024 * 1024
PAUSE_SECONDS = 0.02
TURN_SECONDS = 0.0004

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    f"wal_autocheckpoint={WAL_PAGES}",
    f"journal_size_limit={KEPT_WAL_BYTES}",
    "temp_store=MEMORY",
    "foreign_keys=ON",
)


def begin(connection: sqlite3.Connection, busy_timeout: float) -> None:
    """Begin a transaction that writes, after those of other processes.

    SQLite itself would wait longer each time it finds the file taken: under contention a few would
    wait very long. Raises `sqlite3.Error`.
    """
    deadline = time.monotonic() + busy_timeout
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(TURN_SECONDS)
    finally:
        connection.execute(f"PRAGMA busy_timeout={round(busy_timeout * 1000)}")


def opened(path: Path, busy_timeout: float, max_bytes: int | None = None) -> sqlite3.Connection:
    """A connection to the file, made and brought to the newest schema where need be; it refuses to
    make the file larger than `max_bytes`.

    Raises `sqlite3.Error`.
    """
    deadline = time.monotonic() + busy_timeout
    while True:
        connection = sqlite3.connect(
            path,
            timeout=busy_timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=CACHED_STATEMENTS,
        )
        try:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            migrate(connection)
            if max_bytes is not None:
                page = connection.execute("PRAGMA page_size").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count={max(max_bytes // page, 1)}")
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            # Whoever changes the mode of a new file while another does is refused without waiting.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
