"""Messages: requests, answers, streams. Source: Anthropic, API reference, "Messages"."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal

from attrs import field, frozen

from ..adapters.calling import as_dict, called, iterated, member, objects
from ..adapters.shapes import ModelFailed, RawCall, Reply, TextDelta, ToolOutput, Usage
from ..adapters.tools.compiled import CompiledTools
from ..adapters.wire import Prompt
from .gathering import GatheredMessage
from .tools import compile_anthropic_tools

_ENDED: dict[str, Literal["done", "calls", "paused", "incomplete", "refused"]] = {
    "tool_use": "calls",
    "pause_turn": "paused",
    "max_tokens": "incomplete",
    "model_context_window_exceeded": "incomplete",
    "refusal": "refused",
}


@frozen
class MessagesWire:
    """The history is the list of messages; the model's own blocks (thinking too) go back as they
    came. `request` holds further parameters of the API; those that are None are not sent."""

    client: Any
    model: str
    max_tokens: int
    instructions: str | None = None
    request: Mapping[str, Any] = field(factory=dict[str, Any])
    handle_bytes: int | None = None

    def compile(self, tools: Iterable[dict[str, Any]]) -> CompiledTools:
        return compile_anthropic_tools(list(tools), handle_bytes=self.handle_bytes)

    def prompted(self, prompt: Prompt) -> list[dict[str, Any]]:
        if isinstance(prompt, str):
            return [{"role": "user", "content": prompt}]
        return [
            {"role": "user", "content": item} if isinstance(item, str) else as_dict(item)
            for item in prompt
        ]

    def answered(self, outputs: Sequence[ToolOutput]) -> list[dict[str, Any]]:
        return [{"role": "user", "content": [_result(output) for output in outputs]}]

    async def ask(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> Reply:
        message = await called(self.client.messages.create, **self._request(history, tools))
        return _reply(as_dict(message), message)

    async def stream(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[TextDelta | Reply]:
        request = self._request(history, tools, stream=True)
        gathered = GatheredMessage()
        opened = await called(self.client.messages.create, **request)
        async with aclosing(iterated(opened)) as events:
            async for event in events:
                text = gathered.add(as_dict(event))
                if text:
                    yield TextDelta(text)
        yield _reply(gathered.message(), None)

    def _request(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        whole: dict[str, Any] = {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "system": self.instructions,
            "messages": joined(history),
            "tools": [*tools] or None,
            **more,
            **self.request,
        }
        return {name: value for name, value in whole.items() if value is not None}


def joined(history: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The history with neighbours of one role as one message: a prompt may follow tool results."""
    messages: list[dict[str, Any]] = []
    for message in history:
        if messages and messages[-1]["role"] == message["role"]:
            content = [*_blocks(messages[-1]["content"]), *_blocks(message["content"])]
            messages[-1] = {**messages[-1], "content": content}
        else:
            messages.append(message)
    return messages


def _blocks(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else [*content]


def _reply(message: dict[str, Any], raw: Any) -> Reply:
    if message.get("type") == "error":
        raise ModelFailed(str(member(message, "error").get("message") or "the model failed"))
    blocks = objects(message, "content")
    ended = _ENDED.get(str(message.get("stop_reason")), "done")
    if ended == "incomplete":
        # The arguments of a call that was cut off are not what the model meant.
        blocks = [block for block in blocks if block.get("type") != "tool_use"]
    calls = tuple(
        RawCall(str(block["id"]), str(block["name"]), block.get("input") or {})
        for block in blocks
        if block.get("type") == "tool_use"
    )
    text = "".join(str(block["text"]) for block in blocks if block.get("type") == "text")
    items = ({"role": "assistant", "content": blocks},) if blocks else ()
    return Reply(text, calls, items, _usage(member(message, "usage")), ended, raw)


def _usage(usage: dict[str, Any]) -> Usage:
    def count(name: str) -> int:
        number = usage.get(name)
        return number if isinstance(number, int) else 0

    cached = count("cache_read_input_tokens")
    read = count("input_tokens") + cached + count("cache_creation_input_tokens")
    return Usage(read, count("output_tokens"), cached, 0, 1)


def _result(output: ToolOutput) -> dict[str, Any]:
    content: Any = output.text
    if output.images:
        content = [{"type": "text", "text": output.text}, *map(_image, output.images)]
    block: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": output.call.id,
        "content": content,
    }
    return {**block, "is_error": True} if output.is_error else block


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    kind, data = image.get("mimeType", "image/png"), image.get("data", "")
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
