"""Ending calls whose time is up.

Rules of this file:
- One sleeping task for a connection, and none while no call has a deadline: a timer and a cancel
  scope for each call would cost more than the rest of it.
- It sleeps until the first deadline it was told of. Calls answered before that are no longer there
  when it looks; then it sleeps until the first deadline of those that are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from math import inf

import anyio

from .calls import Call

LEAST_PAUSE_SECONDS = 0.005
"""However many calls end one after another, it does not look at all of them more often."""


class Deadlines:
    """Watches the calls of a table; `start` runs something for as long as the connection lasts."""

    def __init__(
        self, calls: Mapping[int, Call], start: Callable[[Callable[[], Awaitable[None]]], None]
    ) -> None:
        self._calls = calls
        self._start = start
        self._next = inf
        self._earlier = anyio.Event()
        self._running = False

    def watch(self, call: Call) -> None:
        """A call of the table that somebody waits for."""
        if call.due >= self._next:
            return
        self._next = call.due
        if self._running:
            self._earlier.set()
        else:
            self._running = True
            # It outlives the call, whose context variables are not its own.
            Context().run(self._start, self._run)

    async def _run(self) -> None:
        try:
            while self._next < inf:
                self._earlier = anyio.Event()
                with anyio.move_on_after(self._next - anyio.current_time()):
                    await self._earlier.wait()
                    continue
                self._sweep()
        finally:
            self._next, self._running = inf, False

    def _sweep(self) -> None:
        now = anyio.current_time()
        waiting = [call for call in self._calls.values() if not call.answered.is_set()]
        for call in waiting:
            if call.due <= now:
                call.expire()
        first = min((call.due for call in waiting if call.due > now), default=inf)
        self._next = max(first, now + LEAST_PAUSE_SECONDS)
