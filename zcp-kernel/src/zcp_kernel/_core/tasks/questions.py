"""What a running task asks of its client, open until somebody answers."""

from __future__ import annotations

from typing import Any

import anyio
from attrs import define, field

from ...codec import PLAIN


@define(eq=False)
class Question:
    """One request of a task to its client; `params` is its shape.

    A `shown` question stands in the task's descriptor for anybody who owns the task to answer; one
    that is not shown is on its way to the connected client.
    """

    key: str
    operation: str
    params: Any
    shown: bool
    response: Any = None
    answered: anyio.Event = field(factory=anyio.Event)

    @property
    def request(self) -> dict[str, Any]:
        """What an answering client sees: `{method, params}`, in wire names."""
        return {"method": self.operation, "params": PLAIN.encode(self.params)}


class Questions:
    """The open questions of one task. Keys are never used twice in its life."""

    def __init__(self) -> None:
        self._open: dict[str, Question] = {}
        self._asked = 0

    def __bool__(self) -> bool:
        return bool(self._open)

    def add(self, operation: str, params: Any, *, shown: bool) -> Question:
        self._asked += 1
        key = f"{operation.partition('/')[0]}-{self._asked}"
        question = Question(key, operation, params, shown)
        self._open[key] = question
        return question

    def find(self, key: str) -> Question | None:
        """The question that waits for an answer under this key."""
        question = self._open.get(key)
        return question if question is not None and question.shown else None

    def remove(self, question: Question) -> None:
        self._open.pop(question.key, None)

    def clear(self) -> None:
        self._open.clear()

    def shown(self) -> dict[str, Any] | None:
        """What the descriptor shows: key -> request, None if nothing waits for an answer."""
        return {key: q.request for key, q in self._open.items() if q.shown} or None
