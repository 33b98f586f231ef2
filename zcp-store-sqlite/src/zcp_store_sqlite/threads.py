"""One thread that works for tasks of any event loop, many jobs at a time.

Rules of this file:
- Jobs run in the order they were given; those that wait when the thread looks are one batch.
- A batch wakes each event loop once, however many of its tasks waited.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import anyio
import anyio.lowlevel

T = TypeVar("T")
Soon = Callable[[Callable[[], None]], Any]

MAX_BATCH = 256
IDLE_SECONDS = 10.0
"""A thread without work ends after this; the next job starts another."""


class Job(Generic[T]):
    """Work for the thread, and what came of it."""

    __slots__ = ("done", "error", "soon", "value", "work")

    def __init__(self, work: Callable[[Any], T]) -> None:
        self.work = work
        self.soon = _soon()
        self.done = anyio.Event()
        self.value: T | None = None
        self.error: BaseException | None = None


class Worker:
    """Runs jobs with `run_batch`, which sets each job's value or error and must not raise; after
    each batch, when nobody waits for it any more, `afterwards`, which must not raise either."""

    def __init__(
        self,
        run_batch: Callable[[Sequence[Job[Any]]], None],
        name: str,
        afterwards: Callable[[], None] | None = None,
    ) -> None:
        self._run_batch = run_batch
        self._afterwards = afterwards
        self._name = name
        self._jobs: deque[Job[Any]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    async def do(self, work: Callable[[Any], T]) -> T:
        """Run `work` in the thread. It is done even if the caller is cancelled meanwhile."""
        job: Job[T] = Job(work)
        with self._changed:
            if self._closing:
                raise RuntimeError("the store is closed")
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._live, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()
        await job.done.wait()
        if job.error is not None:
            raise job.error
        return job.value  # type: ignore[return-value]

    def close(self) -> None:
        """Finish what was given and end the thread."""
        with self._changed:
            self._closing = True
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _live(self) -> None:
        while batch := self._next():
            self._run_batch(batch)
            _wake(batch)
            if self._afterwards is not None:
                self._afterwards()

    def _next(self) -> list[Job[Any]]:
        with self._changed:
            while not self._jobs:
                waited = not self._closing and self._changed.wait(IDLE_SECONDS)
                if not waited and not self._jobs:
                    self._thread = None
                    return []
            return [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_BATCH))]


def _wake(batch: Sequence[Job[Any]]) -> None:
    by_loop: dict[Soon, list[Job[Any]]] = {}
    for job in batch:
        by_loop.setdefault(job.soon, []).append(job)
    for soon, jobs in by_loop.items():

        def settle(jobs: list[Job[Any]] = jobs) -> None:
            for job in jobs:
                job.done.set()

        try:
            soon(settle)
        except RuntimeError:
            # The event loop has ended: nobody waits there any more.
            continue


def _soon() -> Soon:
    """What calls a function on the running event loop's thread, from any thread."""
    token: Any = anyio.lowlevel.current_token()
    native = getattr(token, "native_token", token)
    soon: Soon = getattr(native, "call_soon_threadsafe", None) or native.run_sync_soon
    return soon
