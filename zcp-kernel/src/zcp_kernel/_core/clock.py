"""Time as the stores and engines see it; tests put their own clock in its place."""

from __future__ import annotations

import time
from typing import Protocol

import anyio

_LONGEST_WAIT = 60.0


class Clock(Protocol):
    """Wall-clock time and waiting by it."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        """Return when `event` is set or `seconds` have passed, perhaps earlier than that."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        # Timers stand still while a machine sleeps and when its clock is set: look again in time.
        with anyio.move_on_after(min(seconds, _LONGEST_WAIT)):
            await event.wait()


SYSTEM_CLOCK = SystemClock()
