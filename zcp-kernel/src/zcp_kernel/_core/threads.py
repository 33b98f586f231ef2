"""Running synchronous handlers in worker threads without letting them take the server down.

Rules of this file:
- A caller that gives up (timeout, cancellation) is let go at once; its thread, a stray, works on.
- A slot is free again when its thread has ended, not when its caller left: code that asked to run
  one at a time does, and strays cannot pile up beyond the slots there are.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
import anyio.from_thread
from anyio import CapacityLimiter, Semaphore, to_thread

from ..errors import ToolError

T = TypeVar("T")


class HandlerThreads:
    """Worker threads for handlers alone: storage and crypto have limiters of their own, since one
    shared limiter deadlocks when handlers wait for a thread-backed store."""

    def __init__(self, max_threads: int) -> None:
        self._parallel = _Lane(max_threads)
        self._serial = _Lane(1)
        self._unlimited: CapacityLimiter | None = None

    async def run(self, function: Callable[..., T], *args: Any, serial: bool = False) -> T:
        """Raises `ToolError` when every thread is held by a handler that was given up on."""
        lane = self._serial if serial else self._parallel
        if self._unlimited is None:
            self._unlimited = CapacityLimiter(math.inf)
        await lane.enter()
        ticket = _Ticket(lane)
        try:
            value: T = await to_thread.run_sync(
                ticket.work, function, args, abandon_on_cancel=True, limiter=self._unlimited
            )
            return value
        finally:
            ticket.caller_left()


class _Lane:
    """So many slots for threads, and how many of them strays hold."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.strays = 0
        self._free: Semaphore | None = None

    async def enter(self) -> None:
        if self.strays >= self.slots:
            raise ToolError(
                f"overloaded: all {self.slots} handler threads of this kind are held by calls that "
                f"timed out or were cancelled; try again later"
            )
        if self._free is None:
            self._free = Semaphore(self.slots, fast_acquire=True)
        await self._free.acquire()

    def leave(self) -> None:
        assert self._free is not None
        self._free.release()

    def stray_ended(self) -> None:
        self.strays -= 1
        self.leave()


class _Ticket:
    """One call's hold on a slot, seen from its caller's side and from its thread's.

    A caller may leave before its thread has begun; then nothing runs.
    """

    __slots__ = ("_abandoned", "_began", "_ended", "_lane", "_lock")

    def __init__(self, lane: _Lane) -> None:
        self._lane = lane
        self._lock = threading.Lock()
        self._began = self._ended = self._abandoned = False

    def work(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        with self._lock:
            if self._abandoned:
                return None
            self._began = True
        try:
            return function(*args)
        finally:
            with self._lock:
                self._ended = True
                stray = self._abandoned
            if stray:
                self._tell_the_loop()

    def caller_left(self) -> None:
        with self._lock:
            self._abandoned = not self._ended
            stray = self._began and self._abandoned
        if stray:
            self._lane.strays += 1
        else:
            self._lane.leave()

    def _tell_the_loop(self) -> None:
        try:
            anyio.from_thread.run_sync(self._lane.stray_ended)
        except RuntimeError:
            # The loop ended before its stray did; nobody counts any more.
            return
