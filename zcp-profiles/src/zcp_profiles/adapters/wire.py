"""What an adapter needs to know of one model API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any, Protocol

from .shapes import Reply, TextDelta, ToolOutput
from .tools.compiled import CompiledTools

Prompt = str | Sequence[Any]
"""What the user says: text, or items in the API's own form."""


class Wire(Protocol):
    """One API: how tools, prompts and outputs are said in it, and how it is asked."""

    def compile(self, tools: Iterable[dict[str, Any]]) -> CompiledTools: ...

    def prompted(self, prompt: Prompt) -> list[dict[str, Any]]:
        """The items a prompt adds to the history."""
        ...

    def answered(self, outputs: Sequence[ToolOutput]) -> list[dict[str, Any]]:
        """The items that outputs add to the history, in order."""
        ...

    async def ask(self, history: Sequence[dict[str, Any]], tools: CompiledTools) -> Reply:
        """One request. Raises what the client raises."""
        ...

    def stream(
        self, history: Sequence[dict[str, Any]], tools: CompiledTools
    ) -> AsyncGenerator[TextDelta | Reply]:
        """One streamed request: deltas, and in the end the reply. Raises what the client raises."""
        ...
