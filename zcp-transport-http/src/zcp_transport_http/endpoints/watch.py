"""An eye on calls that take long: is the client still there, and does it hear from us?"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import anyio

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

    from ..wire import Request

__all__ = ["AFTER_SECONDS", "Watch", "Watched", "until_gone"]

AFTER_SECONDS = 0.05
"""Calls answered sooner are not watched: a task for each would cost more than they do."""

LINGER_TICKS = 20
"""Rounds without a new call before the ticking ends."""


class Watched(Protocol):
    async def watch(self) -> None:
        """Runs in the background while the call does."""
        ...


class Watch:
    """Starts watching the calls that are still running after `AFTER_SECONDS`.

    One task looks after all of them; a call that is quick costs two dict operations.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._young: dict[Watched, float] = {}
        self._ticking = False
        self._quiet = 0

    def add(self, call: Watched) -> None:
        """A call begins."""
        self._young[call] = time.monotonic()
        self._quiet = 0
        if not self._ticking:
            self._ticking = True
            self._kernel.spawn(self._tick)

    def discard(self, call: Watched) -> None:
        """It has ended."""
        self._young.pop(call, None)

    async def _tick(self) -> None:
        try:
            while self._young or self._quiet < LINGER_TICKS:
                self._quiet += 1
                await anyio.sleep(AFTER_SECONDS)
                self._start_watching(time.monotonic() - AFTER_SECONDS)
        finally:
            self._ticking = False

    def _start_watching(self, before: float) -> None:
        while self._young:
            call, since = next(iter(self._young.items()))
            if since > before:
                return
            del self._young[call]
            self._kernel.spawn(call.watch)


async def until_gone(
    request: Request, every: float, comment: Callable[[], Awaitable[None]]
) -> None:
    """Return when the client is gone; until then call `comment` every so many seconds."""
    while True:
        with anyio.move_on_after(every):
            await request.disconnected()
            return
        await comment()
