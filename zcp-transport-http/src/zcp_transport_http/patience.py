"""Ending waits that take too long, without a timer for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

__all__ = ["Patience"]

A = TypeVar("A")
T = TypeVar("T")

TICKS = 20
"""Looks within the time allowed: what takes too long ends at most one of them late."""

MAX_TICK_SECONDS = 1.0

LINGER_TICKS = 5
"""Looks without anything new before the ticking ends."""


class Patience:
    """Ends waits after `seconds`.

    One task looks after all of them, so that a wait that is over at once, as most are, costs two
    dict operations; a cancel scope with a deadline costs more than all the rest of reading a body.
    """

    def __init__(self, kernel: Kernel, seconds: float) -> None:
        self._kernel = kernel
        self._seconds = seconds
        self._tick_seconds = min(seconds / TICKS, MAX_TICK_SECONDS)
        self._waiting: dict[Any, float] = {}
        self._ticking = False
        self._quiet = 0

    async def within(self, wait: Callable[[A], Awaitable[T]], argument: A) -> T:
        """`await wait(argument)`. Raises `TimeoutError` if that takes too long."""
        try:
            task = asyncio.current_task()
        except RuntimeError:
            task = None
        if task is None:
            # Another event loop than asyncio's.
            return await self._in_scope(wait, argument)
        self._begin(task)
        try:
            return await wait(argument)
        except asyncio.CancelledError:
            # Still listed: it was not us. Cancelled by others as well: that goes first.
            if task in self._waiting or task.uncancel() > 0:
                raise
            raise TimeoutError from None
        finally:
            self._waiting.pop(task, None)

    async def _in_scope(self, wait: Callable[[A], Awaitable[T]], argument: A) -> T:
        with self._kernel.new_scope() as scope:
            self._begin(scope)
            try:
                return await wait(argument)
            finally:
                self._waiting.pop(scope, None)
        raise TimeoutError

    def _begin(self, what: Any) -> None:
        """`what` has a method `cancel`."""
        self._waiting[what] = time.monotonic()
        self._quiet = 0
        if not self._ticking:
            self._ticking = True
            self._kernel.spawn(self._tick)

    async def _tick(self) -> None:
        try:
            while self._waiting or self._quiet < LINGER_TICKS:
                self._quiet += 1
                await anyio.sleep(self._tick_seconds)
                self._end_late(time.monotonic() - self._seconds)
        finally:
            self._ticking = False

    def _end_late(self, before: float) -> None:
        while self._waiting:
            what, since = next(iter(self._waiting.items()))
            if since > before:
                return
            del self._waiting[what]
            what.cancel()
