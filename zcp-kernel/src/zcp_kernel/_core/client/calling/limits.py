"""The time of a call that takes more than one request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio

from ..link.calls import Deadline


class Limit:
    """Work inside `scope` ends when its time is up; `heard` passes progress on, which gives it time
    anew where the deadline says so."""

    def __init__(
        self, deadline: Deadline, progress: Callable[[dict[str, Any]], Any] | None
    ) -> None:
        self._deadline = deadline
        self._progress = progress
        now = anyio.current_time()
        self._last = now + deadline.at_most
        self.scope = anyio.CancelScope(deadline=min(now + deadline.seconds, self._last))

    @property
    def listens(self) -> bool:
        """Whether progress matters to anybody."""
        return self._progress is not None or self._deadline.extends

    @property
    def seconds(self) -> float:
        """Those that were too few."""
        return min(self._deadline.seconds, self._deadline.at_most)

    def heard(self, entry: dict[str, Any]) -> Any:
        if self._deadline.extends:
            self.scope.deadline = min(anyio.current_time() + self._deadline.seconds, self._last)
        return None if self._progress is None else self._progress(entry)
