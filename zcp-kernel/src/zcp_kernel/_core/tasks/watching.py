"""Who else hears of a task's changes, beside the client that started it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from ...model import TaskDescriptor
from .link import TaskLink

Watcher = Callable[[str], None]
"""Is called with a task's id, on the event loop, when the task has changed; must not wait."""


class Watchers:
    """Watchers by task id."""

    def __init__(self) -> None:
        self._by_task: dict[str, list[Watcher]] = {}

    @contextmanager
    def watching(self, task_id: str, watcher: Watcher) -> Generator[None, None, None]:
        self._by_task.setdefault(task_id, []).append(watcher)
        try:
            yield
        finally:
            watchers = self._by_task[task_id]
            watchers.remove(watcher)
            if not watchers:
                del self._by_task[task_id]

    def tell(self, task_id: str) -> None:
        for watcher in tuple(self._by_task.get(task_id, ())):
            watcher(task_id)


class WatchedLink:
    """A link whose notices the watchers hear of too."""

    def __init__(self, link: TaskLink, watchers: Watchers) -> None:
        self._link = link
        self._watchers = watchers

    def notify(self, descriptor: TaskDescriptor) -> None:
        try:
            self._link.notify(descriptor)
        finally:
            self._watchers.tell(descriptor.task_id)

    def can_ask(self, operation: str) -> bool:
        return self._link.can_ask(operation)

    async def ask(self, operation: str, params: Any) -> Any:
        return await self._link.ask(operation, params)
