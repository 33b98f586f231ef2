"""One thread that writes, and readers beside it.

Rules of this file:
- Writes of one process queue up for one thread, which puts all that wait into one transaction: many
  writers share the cost of a commit. Each has a savepoint of its own; one that fails undoes its own
  part alone.
- A write is reported done only after its commit.
- Other processes write too: every transaction begins IMMEDIATE, and waits for its turn.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from attrs import define

T = TypeVar("T")

MOST_IN_A_COMMIT = 256


@define(eq=False)
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    done: Future[Any]


class Writer:
    """The writing thread of one file; `connection` is its own from here on."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._connection = connection
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="zcp-oauth-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, once it is committed; raises what it raised."""
        job = _Job(work, Future())
        with self._lock:
            if self._closed:
                raise RuntimeError("the OAuth store is closed")
            self._jobs.put(job)
        value: T = job.done.result()
        return value

    def close(self) -> None:
        """Finish what is queued, and end the thread."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        connection = self._connection
        try:
            while (jobs := self._next()) is not None:
                self._commit(connection, jobs)
        finally:
            connection.close()

    def _next(self) -> list[_Job] | None:
        """Everything that waits now, at least one; None at the end."""
        first = self._jobs.get()
        if first is None:
            return None
        jobs = [first]
        while len(jobs) < MOST_IN_A_COMMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            jobs.append(job)
        return jobs

    def _commit(self, connection: sqlite3.Connection, jobs: list[_Job]) -> None:
        settled: list[tuple[_Job, Any]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                try:
                    with _savepoint(connection):
                        settled.append((job, job.work(connection)))
                except Exception as error:
                    job.done.set_exception(error)
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for job in jobs:
                if not job.done.done():
                    job.done.set_exception(error)
            return
        for job, value in settled:
            job.done.set_result(value)


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Generator[None, None, None]:
    connection.execute("SAVEPOINT one")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        raise
    connection.execute("RELEASE one")


class Readers:
    """Connections for reading, as many as read at once."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()

    @contextmanager
    def connection(self) -> Generator[sqlite3.Connection, None, None]:
        """One to read with, until the block ends."""
        try:
            taken = self._idle.get_nowait()
        except queue.Empty:
            taken = self._connect()
        try:
            yield taken
        finally:
            self._idle.put(taken)

    def close(self) -> None:
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return
