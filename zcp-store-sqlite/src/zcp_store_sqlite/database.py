"""The file: one connection that writes, one that reads, each in a thread of its own.

Rules of this file:
- Writes that wait together are one transaction, each in a savepoint of its own: one that fails
  takes nothing of the others with it, and none is acknowledged before the commit.
- The file is looked at before each batch. One that was removed or replaced under us is an error for
  whoever writes then; the next batch opens the file that is there.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from .connection import FileConnection, StoreError, told
from .opening import begin
from .threads import Job, Worker

__all__ = ["AT_ONCE", "Database", "StoreError"]

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

Tidy = Callable[[sqlite3.Connection], int]
"""Removes up to `AT_ONCE` rows that have had their time, and says how many it removed."""

AT_ONCE = 1000
"""How many rows of a table are tidied away in one transaction: nobody waits long for it."""
UPKEEP_SECONDS = 60.0

log = logging.getLogger("zcp.store")


class Database:
    """A SQLite file in WAL mode, for tasks of any event loop and for several processes.

    A commit survives the end of the process, however it ends; with `PRAGMA synchronous=NORMAL` a
    power cut may cost the last commits, never the file's integrity.
    """

    def __init__(
        self, path: str | Path, *, busy_timeout: float = 10.0, max_bytes: int | None = None
    ) -> None:
        """`max_bytes` is how large the file may get; a write that needs more fails."""
        self.path = Path(path)
        self._busy_timeout = busy_timeout
        self._tidying: tuple[Tidy, ...] = ()
        self._tidied = time.monotonic()
        self._writing = FileConnection(self.path, busy_timeout, max_bytes)
        self._reading = FileConnection(self.path, busy_timeout, max_bytes)
        self._writer = Worker(self._write_batch, "zcp-store-writer", self._upkeep)
        self._reader = Worker(self._read_batch, "zcp-store-reader")

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction; returns when it is committed. Raises `StoreError`, and what
        `work` raises, which is then undone."""
        return await self._writer.do(work)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on what is committed. Raises `StoreError`."""
        return await self._reader.do(work)

    def look_after(self, *tidy: Tidy) -> None:
        """Once a minute, while there is something to write: remove what has had its time."""
        self._tidying += tidy

    async def check(self) -> None:
        """Raises `StoreError` unless the file can be written: for readiness."""
        await self.write(lambda connection: connection.execute("PRAGMA user_version").fetchone())

    def close(self) -> None:
        """Finish what was begun and let go of the file. Idempotent; blocks for as long as that
        takes."""
        self._writer.close()
        self._reader.close()
        self._reading.close()
        self._writing.close()

    # -- in the threads ----------------------------------------------------------------------------

    def _write_batch(self, jobs: Sequence[Job[Any]]) -> None:
        try:
            connection = self._writing.get()
            begin(connection, self._busy_timeout)
        except (sqlite3.Error, OSError, StoreError) as error:
            return _fail(jobs, told(self.path, error))
        try:
            for job in jobs:
                _in_savepoint(connection, job)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(connection)
            _fail(jobs, told(self.path, error))
        return None

    def _upkeep(self) -> None:
        """In the writer's thread, after a batch was answered."""
        connection = self._writing.open
        due = time.monotonic() - self._tidied >= UPKEEP_SECONDS
        if connection is None or not due or not self._tidying:
            return
        self._tidied = time.monotonic()
        try:
            begin(connection, self._busy_timeout)
            removed = [tidy(connection) for tidy in self._tidying]
            connection.execute("COMMIT")
        except sqlite3.Error:
            log.exception("%s could not be tidied; trying again", self.path)
            self._roll_back(connection)
            return
        if max(removed) >= AT_ONCE:
            self._tidied -= UPKEEP_SECONDS - 1.0

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            log.exception("%s: a transaction could not be rolled back; opening anew", self.path)
            self._writing.close()

    def _read_batch(self, jobs: Sequence[Job[Any]]) -> None:
        try:
            connection = self._reading.get()
        except (sqlite3.Error, OSError, StoreError) as error:
            return _fail(jobs, told(self.path, error))
        for job in jobs:
            try:
                job.value = job.work(connection)
            except sqlite3.Error as error:
                job.error = told(self.path, error)
            except Exception as error:
                job.error = error
        return None


def _in_savepoint(connection: sqlite3.Connection, job: Job[Any]) -> None:
    connection.execute("SAVEPOINT job")
    try:
        job.value = job.work(connection)
    except sqlite3.OperationalError:
        raise
    except Exception as error:
        job.error = error
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def _fail(jobs: Sequence[Job[Any]], error: Exception) -> None:
    for job in jobs:
        job.value, job.error = None, error
