"""Opening the file, beside other processes that open it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

BUSY_SECONDS = 30.0
"""How long a write waits for other processes."""
PAUSE_SECONDS = 0.02


def connected(path: Path, synchronous: str) -> sqlite3.Connection:
    """A connection to the file, which keeps a write-ahead log. Raises `sqlite3.Error`."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            # Whoever changes the mode of a new file while another does is refused without waiting.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
