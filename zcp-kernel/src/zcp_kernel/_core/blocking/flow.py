"""An async iterator, taken from step by step."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class Flow(Generic[T]):
    """What a source gave and nobody took yet. One task runs the source from beginning to end, as
    what it holds open demands."""

    def __init__(self, source: Callable[[], AsyncIterator[T]]) -> None:
        self._source = source
        self._items: deque[T] = deque()
        self._arrived: anyio.Event | None = None
        self._over = False

    async def run(self) -> None:
        """Raises what the source raises."""
        try:
            async for item in self._source():
                self._items.append(item)
                self._wake()
        finally:
            self._over = True
            self._wake()

    async def take(self) -> T:
        """The next item. Raises `anyio.EndOfStream` when there is none any more."""
        while not self._items:
            if self._over:
                raise anyio.EndOfStream
            self._arrived = anyio.Event()
            await self._arrived.wait()
        return self._items.popleft()

    def _wake(self) -> None:
        if self._arrived is not None:
            self._arrived.set()
