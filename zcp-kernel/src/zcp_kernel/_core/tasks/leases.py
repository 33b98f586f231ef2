"""Who runs which task of a store that several processes share.

A process says that it holds what it runs from a thread of its own: a handler that blocks the event
loop must not look like a process that is gone.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Awaitable, Callable

import anyio

from ...contracts import SharedTaskStore, TaskRecord
from ..clock import Clock

log = logging.getLogger("zcp.tasks")

CLAIMED_AT_ONCE = 64
BEATS_PER_LEASE = 3


class Leases:
    """Holds what this process runs, and takes what nobody holds."""

    def __init__(self, store: SharedTaskStore, seconds: float, clock: Clock) -> None:
        self.holder = secrets.token_hex(8)
        self._store = store
        self._seconds = seconds
        self._clock = clock
        self._stop = threading.Event()
        self._wake = anyio.Event()

    async def run(
        self, kinds: Callable[[], list[str]], take: Callable[[TaskRecord], Awaitable[None]]
    ) -> None:
        """Until cancelled: hand every task this process has claimed to `take`. `kinds` are those
        it has room for."""
        beating = threading.Thread(target=self._beat, name="zcp-task-leases", daemon=True)
        beating.start()
        try:
            while True:
                await self._claim(kinds, take)
                self._wake = anyio.Event()
                await self._clock.wait(self._wake, self._seconds / BEATS_PER_LEASE)
        finally:
            self._stop.set()
            with anyio.CancelScope(shield=True):
                await self.let_go()

    def look(self) -> None:
        """There may be something to take."""
        self._wake.set()

    async def let_go(self) -> None:
        """What still runs here may be taken by others at once."""
        try:
            await self._store.hold(self.holder, 0.0)
        except Exception:
            log.exception("leases could not be given back; they lapse by themselves")

    async def _claim(
        self, kinds: Callable[[], list[str]], take: Callable[[TaskRecord], Awaitable[None]]
    ) -> None:
        try:
            claimed = await self._store.claim(
                self.holder, self._seconds, kinds(), self._clock.now(), CLAIMED_AT_ONCE
            )
            for record in claimed:
                await take(record)
        except Exception:
            log.exception("tasks could not be taken over; trying again")

    def _beat(self) -> None:
        pause = self._seconds / BEATS_PER_LEASE
        while not self._stop.wait(pause):
            try:
                anyio.run(self._store.hold, self.holder, self._seconds)
            except Exception:
                log.exception("leases could not be renewed; trying again")
