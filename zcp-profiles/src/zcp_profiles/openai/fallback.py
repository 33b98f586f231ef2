"""Responses where there are any, Chat Completions where not; the history stays the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Any

from attrs import evolve

from ..adapters.shapes import Reply, TextDelta, ToolOutput
from ..adapters.tools.compiled import CompiledTools
from ..adapters.wire import Prompt
from .asking import Asking
from .chat_wire import ChatWire
from .converting import as_items, as_messages
from .responses_wire import ResponsesWire
from .tools import as_chat_tools

_NO_SUCH_ENDPOINT = (404, 405, 501)
_RESPONSES_ONLY = ("include", "store", "previous_response_id", "reasoning", "text", "truncation")


class FallbackWire:
    """Goes over to Chat Completions, for good, when the first answer is that there is no such
    endpoint (or the client has no `responses`)."""

    def __init__(self, asking: Asking) -> None:
        self._responses = ResponsesWire(asking)
        request = {k: v for k, v in asking.request.items() if k not in _RESPONSES_ONLY}
        self._chat = ChatWire(evolve(asking, request=request))
        self.uses_chat = not hasattr(asking.client, "responses")
        self._answered = False

    def compile(self, tools: Iterable[dict[str, Any]]) -> CompiledTools:
        return self._responses.compile(tools)

    def prompted(self, prompt: Prompt) -> list[dict[str, Any]]:
        return self._responses.prompted(prompt)

    def answered(self, outputs: Sequence[ToolOutput]) -> list[dict[str, Any]]:
        return self._responses.answered(outputs)

    async def ask(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> Reply:
        if not self.uses_chat:
            try:
                reply = await self._responses.ask(history, tools)
            except Exception as error:
                self._go_over(error)
            else:
                self._answered = True
                return reply
        return _converted(await self._chat.ask(as_messages(history), as_chat_tools([*tools])))

    async def stream(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[TextDelta | Reply]:
        if not self.uses_chat:
            try:
                async with aclosing(self._responses.stream(history, tools)) as parts:
                    async for part in parts:
                        self._answered = True
                        yield part
            except Exception as error:
                self._go_over(error)
            else:
                return
        stream = self._chat.stream(as_messages(history), as_chat_tools([*tools]))
        async with aclosing(stream) as parts:
            async for part in parts:
                yield _converted(part) if isinstance(part, Reply) else part

    def _go_over(self, error: Exception) -> None:
        """Use Chat from now on; raises the error again if it means anything else."""
        missing = getattr(error, "status_code", None) in _NO_SUCH_ENDPOINT
        if self._answered or not missing or getattr(error, "code", None) == "model_not_found":
            raise error
        self.uses_chat = True


def _converted(reply: Reply) -> Reply:
    return evolve(reply, items=tuple(item for each in reply.items for item in as_items(each)))
