"""What the processes that share a store tell each other about its tasks.

Changes travel by id alone; whoever cares reads the store.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio

from ...contracts import Bus, Lagged
from ...model import TaskDescriptor
from ..expiry import Spawn
from .link import Nobody, TaskLink

log = logging.getLogger("zcp.tasks")

TOPIC = "zcp.tasks"


class Elsewhere(Nobody):
    """The link of a task whose client is connected to another process: the bus carries the news."""

    def __init__(self, news: News) -> None:
        self._news = news

    def notify(self, descriptor: TaskDescriptor) -> None:
        self._news.tell({"id": descriptor.task_id})


class News:
    """What the processes that share a store tell each other about tasks."""

    def __init__(self, bus: Bus, spawn: Spawn) -> None:
        self._bus = bus
        self._spawn = spawn
        self.links: dict[str, TaskLink] = {}
        """The clients connected here of tasks that run elsewhere."""

    def tell(self, event: dict[str, Any]) -> None:
        """`{id}`: that task has changed; with `key` and `response`: an answer for its process."""
        self._spawn(partial(self._publish, event))

    async def _publish(self, event: dict[str, Any]) -> None:
        try:
            await self._bus.publish(TOPIC, event)
        except Exception:
            log.exception("task news could not be published")

    async def listen(self, hear: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        """Until cancelled."""
        async with self._bus.subscribe(TOPIC) as events:
            while True:
                try:
                    await hear(await anext(events))
                except Lagged as lagged:
                    log.warning("%s", lagged)
                except Exception:
                    log.exception("task news could not be taken in")
                    await anyio.sleep(1)
