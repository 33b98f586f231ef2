"""A clock that stands still until a test moves it."""

from __future__ import annotations

import anyio


class FakeClock:
    """Takes the place of the wall clock; `advance` wakes whoever waited for that long."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._waiting: list[tuple[float, anyio.Event]] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    @property
    def waiters(self) -> int:
        """How many wait for time to pass."""
        return len(self._waiting)

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        entry = (self._now + seconds, event)
        self._waiting.append(entry)
        try:
            await event.wait()
        finally:
            self._waiting.remove(entry)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += seconds
        for due, event in self._waiting:
            if due <= self._now:
                event.set()
