"""Who may start: bounded numbers of tasks of a kind at once, the rest in order of priority."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from itertools import count

from .policy import TaskPolicy

Start = Callable[[], None]


class Slots:
    """The tasks of this process that run and those that wait to."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, list[tuple[int, int, Start]]] = {}
        self._sequence = count()

    def free(self, kind: str, policy: TaskPolicy) -> bool:
        """Whether another task of this kind could start now."""
        return policy.concurrency is None or self._running[kind] < policy.concurrency

    def take(self, kind: str, policy: TaskPolicy, start: Start) -> None:
        """Call `start` as soon as there is room: now, or when another has ended."""
        if self.free(kind, policy):
            self._running[kind] += 1
            start()
            return
        queue = self._waiting.setdefault(kind, [])
        heapq.heappush(queue, (-policy.priority, next(self._sequence), start))

    def give_back(self, kind: str) -> None:
        """A task of this kind has ended: the next may start."""
        queue = self._waiting.get(kind)
        if queue:
            start = heapq.heappop(queue)[2]
            if not queue:
                del self._waiting[kind]
            start()
            return
        self._running[kind] -= 1
        if not self._running[kind]:
            del self._running[kind]
