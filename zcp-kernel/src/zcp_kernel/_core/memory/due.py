"""Due times of many things, the next one at hand."""

from __future__ import annotations

import heapq

_SLACK = 64


class DueTimes:
    """Keys by the time they expire, in seconds since the epoch. What was discarded leaves its time
    behind; these are swept once they are the larger part."""

    def __init__(self) -> None:
        self._times: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._times)

    def add(self, key: str, due: float | None) -> None:
        """A key never added before; due None never expires."""
        if due is not None:
            self._times[key] = due
            heapq.heappush(self._heap, (due, key))

    def discard(self, key: str) -> None:
        self._times.pop(key, None)
        if len(self._heap) > 2 * len(self._times) + _SLACK:
            self._heap = [(due, key) for key, due in self._times.items()]
            heapq.heapify(self._heap)

    def take(self, now: float) -> list[str]:
        """The keys due by now; they are forgotten."""
        taken: list[str] = []
        while (due := self.next()) is not None and due <= now:
            _, key = heapq.heappop(self._heap)
            del self._times[key]
            taken.append(key)
        return taken

    def next(self) -> float | None:
        """When the next key is due."""
        while self._heap and self._heap[0][1] not in self._times:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None
