"""The clock of an event loop, and how one task waits there for one thing to happen.

`anyio` looks up the event loop for every event and every time it is asked for; a call needs both,
and that is much of what it costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

import anyio
from attrs import frozen


class Happening(Protocol):
    """Set once, waited for by one task."""

    def set(self) -> object: ...

    def is_set(self) -> bool: ...

    def wait(self) -> Awaitable[object]: ...


@frozen
class Pace:
    """Of one event loop: `now()` is what deadlines are reckoned by, in seconds; `happening()` makes
    what a task can wait for."""

    now: Callable[[], float]
    happening: Callable[[], Happening]


def pace_of_this_loop() -> Pace:
    """Of the event loop this is called in."""
    if not issubclass(anyio.get_cancelled_exc_class(), asyncio.CancelledError):
        return Pace(anyio.current_time, anyio.Event)
    loop = asyncio.get_running_loop()
    return Pace(loop.time, partial(_FutureHappening, loop))


class _FutureHappening:
    """On asyncio a future is all that is needed."""

    __slots__ = ("_future", "_loop", "_set")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._future: asyncio.Future[None] | None = None
        self._set = False

    def set(self) -> None:
        self._set = True
        future = self._future
        if future is not None and not future.done():
            future.set_result(None)

    def is_set(self) -> bool:
        return self._set

    def wait(self) -> Awaitable[None]:
        future = self._future = self._loop.create_future()
        if self._set:
            future.set_result(None)
        return future
