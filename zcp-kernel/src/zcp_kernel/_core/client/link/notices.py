"""What the server said without being asked, handed to the handlers in the order it came."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

import anyio
import anyio.lowlevel

from ...sparing import SparingLog

log = logging.getLogger("zcp.client")

LIMIT = 10_000
"""How many notices may wait for a slow handler before the oldest are dropped."""


class Notices:
    """A queue of handler calls with one consumer: order is kept, a failing handler is logged."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self._arrived = anyio.Event()
        self._finished = False
        self._busy = False
        self._log = SparingLog(log)

    def put(self, handler: Callable[..., Any], *arguments: Any) -> None:
        if len(self._waiting) >= LIMIT:
            self._waiting.popleft()
            self._log.warning("a handler is %d notices behind; the oldest was dropped", LIMIT)
        self._waiting.append((handler, arguments))
        self._arrived.set()

    def finish(self) -> None:
        """Nothing more will come: `run` returns once the queue is empty."""
        self._finished = True
        self._arrived.set()

    @property
    def behind(self) -> bool:
        """Whether a handler has not yet done with what came."""
        return bool(self._waiting) or self._busy

    async def catch_up(self) -> None:
        """Give handlers of what already came their turn, without waiting for one that blocks."""
        await anyio.lowlevel.cancel_shielded_checkpoint()

    async def run(self) -> None:
        while True:
            while self._waiting:
                handler, arguments = self._waiting.popleft()
                self._busy = True
                await _call(handler, arguments)
                self._busy = False
            if self._finished:
                return
            self._arrived = anyio.Event()
            await self._arrived.wait()


async def _call(handler: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        outcome = handler(*arguments)
        if isawaitable(outcome):
            await outcome
    except Exception:
        log.exception("a notification handler failed")
