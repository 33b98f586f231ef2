"""Events between the parts of one process."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel

from ...contracts import Lagged


class MemoryBus:
    """Keeps at most `backlog` events for a subscriber; for a slower one the oldest are dropped, and
    it is told."""

    name = "memory"

    def __init__(self, backlog: int = 1024) -> None:
        self._backlog = backlog
        self._topics: dict[str, set[_Subscription]] = {}

    async def publish(self, topic: str, event: Any) -> None:
        for subscription in self._topics.get(topic, ()):
            subscription.put(event)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncGenerator[AsyncIterator[Any]]:
        subscription = _Subscription(self._backlog)
        subscribers = self._topics.setdefault(topic, set())
        subscribers.add(subscription)
        try:
            yield subscription
        finally:
            subscribers.discard(subscription)
            if not subscribers and self._topics.get(topic) is subscribers:
                del self._topics[topic]


class _Subscription(AsyncIterator[Any]):
    def __init__(self, backlog: int) -> None:
        self._events: deque[Any] = deque(maxlen=backlog)
        self._missed = 0
        self._arrived = anyio.Event()

    def put(self, event: Any) -> None:
        if len(self._events) == self._events.maxlen:
            self._missed += 1
        self._events.append(event)
        self._arrived.set()

    async def __anext__(self) -> Any:
        await anyio.lowlevel.checkpoint()
        while not self._events:
            self._arrived = anyio.Event()
            await self._arrived.wait()
        if self._missed:
            missed, self._missed = self._missed, 0
            raise Lagged(missed)
        return self._events.popleft()
