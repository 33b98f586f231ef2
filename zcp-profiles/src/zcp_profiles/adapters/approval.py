"""Which calls wait for somebody's word, and how it is asked for."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from zcp_kernel.jsontext import is_object

from .shapes import ToolCall

Answer = bool | str
"""True runs the call; False or a reason (told to the model) refuses it."""

Approve = Callable[[ToolCall], "Answer | Awaitable[Answer]"]
Gate = Collection[str] | Callable[[Mapping[str, Any]], bool] | None
"""The names of the tools whose calls wait, or a function of the tool; None: those that say of
themselves that they destroy (`annotations.destructiveHint`)."""


class Gatekeeper:
    """Knows which tools are gated, and asks."""

    def __init__(self, gate: Gate, approve: Approve | None) -> None:
        self._gate = gate
        self._approve = approve

    @property
    def asks(self) -> bool:
        """Whether there is somebody to ask at once; else calls wait for `resume`."""
        return self._approve is not None

    def holds(self, tool: Mapping[str, Any]) -> bool:
        """Whether calls of this tool wait."""
        if self._gate is None:
            hints = tool.get("annotations")
            return is_object(hints) and hints.get("destructiveHint") is True
        if callable(self._gate):
            return bool(self._gate(tool))
        return tool.get("name") in self._gate

    async def ask(self, call: ToolCall) -> Answer:
        assert self._approve is not None
        answer = self._approve(call)
        return await answer if inspect.isawaitable(answer) else answer
