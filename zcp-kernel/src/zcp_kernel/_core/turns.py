"""Taking turns at reading: calls of one channel run at the same time without a task for each.

Rules of this file:
- The task that reads a call runs it. Another takes over the reading once that call really waits for
  something; so a call that does not costs no switch between tasks.
- After a call that waited the next ones are expected to wait, too: the reader hands them to other
  tasks and reads on, so that all that came at once is begun at once. Now and then it runs one
  itself, to see whether that still holds.
- Calls begin in the order in which they came.
- Tasks whose call is done wait for their next turn; only so many are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from .waiting import Happening, pace_of_this_loop

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from .session import Due

MAX_WAITING = 32
"""How many tasks are kept waiting for a turn."""

CALLS_IN_A_ROW = 32
"""How many calls may run before everything else on the event loop is let in."""

HANDED_ON = 31
"""How many calls are handed to other tasks after one that waited."""


class _Turn:
    """What a waiting task waits for: a call to run, or none for the reading."""

    __slots__ = ("due", "given")

    def __init__(self, given: Happening) -> None:
        self.given = given
        self.due: Due | None = None


class Turns:
    """Runs `answer` on all that `read` gives, until it gives None. `answer` must not raise."""

    def __init__(
        self,
        group: TaskGroup,
        read: Callable[[], Awaitable[Due | None]],
        answer: Callable[[Due], Awaitable[None]],
    ) -> None:
        self._group = group
        self._read = read
        self._answer = answer
        self._waiting: list[_Turn] = []
        self._handing_on = 0
        self._done = False
        self._readers_wanted = 1
        self._signal = anyio.Event()
        self._loop = _asyncio_loop()
        self._happening = pace_of_this_loop().happening

    async def run(self) -> None:
        """Return when there is nothing more to read; calls may still run in the task group."""
        # A loop callback may pass the turn on, but cannot start a task in an anyio group.
        while not self._done:
            while self._readers_wanted:
                self._readers_wanted -= 1
                self._group.start_soon(self._take_turns)
            await self._signal.wait()
            self._signal = anyio.Event()
        for turn in self._waiting:
            turn.given.set()

    async def _take_turns(self, due: Due | None = None) -> None:
        """The life of one task; it begins with this call, or as the reader."""
        while True:
            if due is not None:
                await self._answer(due)
            elif not self._done:
                await self._read_on()
            if self._done or len(self._waiting) >= MAX_WAITING:
                return
            turn = _Turn(self._happening())
            self._waiting.append(turn)
            await turn.given.wait()
            due = turn.due

    async def _read_on(self) -> None:
        """Read and run calls until another task reads, or there are none."""
        in_a_row = 0
        while (due := await self._read()) is not None:
            if self._handing_on:
                await self._hand_on(due)
            elif not await self._still_reader_after(due):
                return
            in_a_row += 1
            if in_a_row == CALLS_IN_A_ROW:
                in_a_row = 0
                await anyio.lowlevel.checkpoint()
        self._done = True
        self._signal.set()

    async def _still_reader_after(self, due: Due) -> bool:
        if self._loop is None:
            # Trio has no callback that a finished call could take back: always pass the turn on.
            self._pass_on()
            await self._answer(due)
            return False
        passed = False

        def pass_on() -> None:
            nonlocal passed
            passed = True
            self._handing_on = HANDED_ON
            self._pass_on()

        # The loop calls it only if the answer lets the loop run before it is there.
        handle = self._loop.call_soon(pass_on)
        try:
            await self._answer(due)
        finally:
            handle.cancel()
        return not passed

    async def _hand_on(self, due: Due) -> None:
        """Have another task run it."""
        if self._waiting:
            turn = self._waiting.pop()
            turn.due = due
            turn.given.set()
        else:
            self._group.start_soon(self._take_turns, due)
        self._handing_on -= 1
        if not self._handing_on:
            # The next is run here, and must not begin before those that came first.
            await anyio.lowlevel.checkpoint()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.pop().given.set()
        else:
            self._readers_wanted += 1
            self._signal.set()


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
