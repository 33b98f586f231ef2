"""Opening the file: its mode, its limits, its schema."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from .migrations import migrate

__all__ = ["opened"]

CACHED_STATEMENTS = 256
WAL_PAGES = 1000
"""Pages after which a commit moves the log into the file; bounds how the log grows."""
KEPT_WAL_BYTES = 16 * 1024 * 1024
PAUSE_SECONDS = 0.02

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    f"wal_autocheckpoint={WAL_PAGES}",
    f"journal_size_limit={KEPT_WAL_BYTES}",
    "temp_store=MEMORY",
    "foreign_keys=ON",
)


def opened(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """A connection to the file, made and brought to the newest schema where need be.

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
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            # Whoever changes the mode of a new file while another does is refused without waiting.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
