"""The file: one connection that writes, one that reads, each in a thread of its own.

Rules of this file:
- Writes that wait together are one transaction, each in a savepoint of its own: one that fails
  takes nothing of the others with it, and none is acknowledged before the commit.
- The file is looked at before each batch. One that was removed or replaced under us is an error for
  whoever writes then; the next batch opens the file that is there.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from zcp_kernel.errors import ZCPError

from .opening import opened
from .threads import Job, Worker

__all__ = ["Database", "StoreError"]

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

log = logging.getLogger("zcp.store")


class StoreError(ZCPError):
    """The file cannot be used: the message says why and what to do."""


class Database:
    """A SQLite file in WAL mode, for tasks of any event loop and for several processes.

    A commit survives the end of the process, however it ends; with `PRAGMA synchronous=NORMAL` a
    power cut may cost the last commits, never the file's integrity.
    """

    def __init__(self, path: str | Path, *, busy_timeout: float = 10.0) -> None:
        self.path = Path(path)
        self._busy_timeout = busy_timeout
        self._writing: sqlite3.Connection | None = None
        self._reading: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._writer = Worker(self._write_batch, "zcp-store-writer")
        self._reader = Worker(self._read_batch, "zcp-store-reader")

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction; returns when it is committed. Raises `StoreError`, and what
        `work` raises, which is then undone."""
        return await self._writer.do(work)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on what is committed. Raises `StoreError`."""
        return await self._reader.do(work)

    async def check(self) -> None:
        """Raises `StoreError` unless the file can be written: for readiness."""
        await self.write(lambda connection: connection.execute("PRAGMA user_version").fetchone())

    def close(self) -> None:
        """Finish what was begun and let go of the file. Idempotent; blocks for as long as that
        takes."""
        self._writer.close()
        self._reader.close()
        self._release()

    # -- in the threads ----------------------------------------------------------------------------

    def _write_batch(self, jobs: Sequence[Job[Any]]) -> None:
        try:
            connection = self._writable()
            connection.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, OSError, StoreError) as error:
            return _fail(jobs, self._told(error))
        try:
            for job in jobs:
                _in_savepoint(connection, job)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(connection)
            _fail(jobs, self._told(error))
        return None

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            log.exception("%s: a transaction could not be rolled back; opening anew", self.path)
            self._release()

    def _read_batch(self, jobs: Sequence[Job[Any]]) -> None:
        try:
            connection = self._readable()
        except (sqlite3.Error, OSError, StoreError) as error:
            return _fail(jobs, self._told(error))
        for job in jobs:
            try:
                job.value = job.work(connection)
            except sqlite3.Error as error:
                job.error = self._told(error)
            except Exception as error:
                job.error = error
        return None

    def _writable(self) -> sqlite3.Connection:
        if self._writing is not None and self._identity() != self._file:
            self._release()
            raise StoreError(
                f"store:replaced: {self.path} was removed or replaced while in use; what it held "
                "is no longer served. The next request uses the file that is there"
            )
        if self._writing is None:
            self._writing = opened(self.path, self._busy_timeout)
            self._file = self._identity()
        return self._writing

    def _readable(self) -> sqlite3.Connection:
        if self._reading is None:
            self._reading = opened(self.path, self._busy_timeout)
        return self._reading

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _release(self) -> None:
        for connection in (self._reading, self._writing):
            if connection is not None:
                connection.close()
        self._reading = self._writing = None

    def _told(self, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        text = str(error)
        advice = next((told for part, told in _ADVICE.items() if part in text), "see the cause")
        told = StoreError(f"store:unavailable: {self.path}: {text}; {advice}")
        told.__cause__ = error
        return told


_ADVICE = {
    "full": "free space on its file system",
    "readonly": "make the file and its folder writable for this process",
    "unable to open": "make its folder and give this process the right to write there",
    "not a database": "name another file, or restore this one from a backup",
    "malformed": "restore it from a backup (`zcp store check` says what is broken)",
    "locked": "another process holds it for longer than [store] busy_timeout_seconds",
}


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
