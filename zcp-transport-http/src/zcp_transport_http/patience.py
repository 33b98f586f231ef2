"""Ending what takes too long, without a timer for each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

__all__ = ["Patience"]

TICKS = 20
"""Looks within the time allowed: what takes too long ends at most one of them late."""

MAX_TICK_SECONDS = 1.0

LINGER_TICKS = 5
"""Looks without anything new before the ticking ends."""


class Patience:
    """Cancels scopes that are still waited in after `seconds`.

    One task looks after all of them; what is quick costs two dict operations, where a deadline of
    its own would cost more than the rest of the scope.
    """

    def __init__(self, kernel: Kernel, seconds: float) -> None:
        self._kernel = kernel
        self._seconds = seconds
        self._tick_seconds = min(seconds / TICKS, MAX_TICK_SECONDS)
        self._waiting: dict[anyio.CancelScope, float] = {}
        self._ticking = False
        self._quiet = 0

    def new_scope(self) -> anyio.CancelScope:
        return self._kernel.new_scope()

    def add(self, scope: anyio.CancelScope) -> None:
        """Somebody begins to wait in this scope."""
        self._waiting[scope] = time.monotonic()
        self._quiet = 0
        if not self._ticking:
            self._ticking = True
            self._kernel.spawn(self._tick)

    def discard(self, scope: anyio.CancelScope) -> None:
        """The wait is over."""
        self._waiting.pop(scope, None)

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
            scope, since = next(iter(self._waiting.items()))
            if since > before:
                return
            del self._waiting[scope]
            scope.cancel()
