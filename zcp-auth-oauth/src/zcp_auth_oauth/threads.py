"""Worker threads of our own: storage and passwords never take those that handlers run in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

P = ParamSpec("P")
T = TypeVar("T")


class Busy(Exception):
    """Too many wait for a thread already."""


class Threads:
    """Runs functions in at most `most` worker threads at once, in any event loop. `waiting`: how
    many more may wait for one; unlimited if None."""

    def __init__(self, most: int, waiting: int | None = None) -> None:
        self._most = most
        self._waiting = waiting
        self._limiter: anyio.lowlevel.RunVar[anyio.CapacityLimiter] = anyio.lowlevel.RunVar(
            f"zcp oauth threads {id(self)}"
        )

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` returns. Raises `Busy`, and what it raises."""
        limiter = self._of_this_loop()
        if self._waiting is not None and limiter.statistics().tasks_waiting >= self._waiting:
            raise Busy
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs), limiter=limiter)

    def _of_this_loop(self) -> anyio.CapacityLimiter:
        try:
            return self._limiter.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(self._most)
            self._limiter.set(limiter)
            return limiter
