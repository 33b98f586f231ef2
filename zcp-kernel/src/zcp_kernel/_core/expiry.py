"""Removing what has expired: one sleeping coroutine per store, none while nothing can expire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from .clock import Clock

Spawn = Callable[[Callable[[], Awaitable[None]]], None]
"""Starts a coroutine in the background of the event loop that calls it."""


class ExpiryTimer:
    """Calls `sweep(now)` when something is due; `sweep` answers when the next thing will be.

    All times are seconds since the epoch.
    """

    def __init__(
        self, sweep: Callable[[float], Awaitable[float | None]], spawn: Spawn, clock: Clock
    ) -> None:
        self._sweep = sweep
        self._spawn = spawn
        self._clock = clock
        self._due: float | None = None
        self._asleep: anyio.Event | None = None
        self._running = False

    def schedule(self, due: float | None) -> None:
        """Something expires at `due` (None: never). Call it from the event loop."""
        if due is None or (self._due is not None and self._due <= due):
            return
        self._due = due
        if self._asleep is not None:
            self._asleep.set()
        if not self._running:
            self._running = True
            self._spawn(self._run)

    async def _run(self) -> None:
        try:
            while self._due is not None:
                await self._until_due_then_sweep(self._due)
        finally:
            self._running = False
            self._due = None

    async def _until_due_then_sweep(self, due: float) -> None:
        now = self._clock.now()
        if due > now:
            self._asleep = anyio.Event()
            await self._clock.wait(self._asleep, due - now)
            self._asleep = None
            return
        self._due = None
        self.schedule(await self._sweep(now))
