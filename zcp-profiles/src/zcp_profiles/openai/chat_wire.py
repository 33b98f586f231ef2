"""Chat Completions: requests, answers, streams. Source: OpenAI, API reference, "Chat"."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Any, Literal

from attrs import define, field

from ..adapters.calling import as_dict, called, iterated, member, objects
from ..adapters.shapes import ModelFailed, RawCall, Reply, TextDelta, ToolOutput, Usage
from ..adapters.tools.compiled import CompiledTools
from ..adapters.wire import Prompt
from .asking import Asking, count, said

_ENDED: dict[str, Literal["done", "calls", "incomplete"]] = {
    "length": "incomplete",
    "content_filter": "incomplete",
    "tool_calls": "calls",
}
_KEPT = ("content", "refusal", "tool_calls", "reasoning_content")


class ChatWire:
    """The history is the list of messages, without the system's."""

    def __init__(self, asking: Asking) -> None:
        self.asking = asking

    def compile(self, tools: Iterable[dict[str, Any]]) -> CompiledTools:
        return self.asking.compile(tools, "chat")

    def prompted(self, prompt: Prompt) -> list[dict[str, Any]]:
        return said(prompt)

    def answered(self, outputs: Sequence[ToolOutput]) -> list[dict[str, Any]]:
        return [
            {"role": "tool", "tool_call_id": output.call.id, "content": output.text}
            for output in outputs
        ]

    async def ask(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> Reply:
        completion = await called(self._create, **self._request(history, tools))
        answer = as_dict(completion)
        choices = objects(answer, "choices")
        if not choices:
            raise ModelFailed("the API answered without a choice")
        message, finish = member(choices[0], "message"), choices[0].get("finish_reason")
        return _reply(message, finish, answer.get("usage"), completion)

    async def stream(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[TextDelta | Reply]:
        request = self._request(history, tools, stream=True, stream_options={"include_usage": True})
        gathered = _Gathered()
        async with aclosing(iterated(await called(self._create, **request))) as chunks:
            async for chunk in chunks:
                text = gathered.add(as_dict(chunk))
                if text:
                    yield TextDelta(text)
        if gathered.finish is None:
            raise ModelFailed("the stream ended before the answer did")
        yield _reply(gathered.message(), gathered.finish, gathered.usage, None)

    @property
    def _create(self) -> Any:
        return self.asking.client.chat.completions.create

    def _request(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        messages = [*history]
        if self.asking.instructions is not None:
            messages.insert(0, {"role": "system", "content": self.asking.instructions})
        return self.asking.with_request(messages=messages, tools=[*tools] or None, **more)


def _reply(message: dict[str, Any], finish: Any, usage: Any, response: Any) -> Reply:
    calls = tuple(
        RawCall(
            str(call.get("id") or ""),
            str(member(call, "function").get("name") or ""),
            member(call, "function").get("arguments") or "",
        )
        for call in objects(message, "tool_calls")
        if member(call, "function")
    )
    text, refusal = message.get("content") or "", message.get("refusal")
    kept = {name: message[name] for name in _KEPT if message.get(name) is not None}
    item = {"role": "assistant", **({} if calls else {"content": ""}), **kept}
    ended = "refused" if refusal else _ENDED.get(str(finish), "done")
    return Reply(text or refusal or "", calls, (item,), _usage(usage), ended, response)


def _usage(usage: Any) -> Usage:
    return Usage(
        count(usage, "prompt_tokens"),
        count(usage, "completion_tokens"),
        count(usage, "prompt_tokens_details", "cached_tokens"),
        count(usage, "completion_tokens_details", "reasoning_tokens"),
        1,
    )


@define
class _Gathered:
    """The message a stream of chunks makes."""

    text: list[str] = field(factory=list[str])
    refusal: list[str] = field(factory=list[str])
    calls: dict[int, dict[str, Any]] = field(factory=dict[int, dict[str, Any]])
    finish: str | None = None
    usage: Any = None

    def add(self, chunk: dict[str, Any]) -> str:
        """Take a chunk in; returns the text it brought."""
        self.usage = chunk.get("usage") or self.usage
        said: list[str] = []
        for choice in objects(chunk, "choices"):
            delta = member(choice, "delta")
            said.append(delta.get("content") or "")
            self.refusal.append(delta.get("refusal") or "")
            for part in objects(delta, "tool_calls"):
                self._add_call(part)
            self.finish = choice.get("finish_reason") or self.finish
        self.text += said
        return "".join(said)

    def _add_call(self, part: dict[str, Any]) -> None:
        call = self.calls.setdefault(
            part.get("index", len(self.calls)),
            {"id": "", "type": "function", "function": {"name": "", "arguments": ""}},
        )
        call["id"] = part.get("id") or call["id"]
        function = member(part, "function")
        call["function"]["name"] += function.get("name") or ""
        call["function"]["arguments"] += function.get("arguments") or ""

    def message(self) -> dict[str, Any]:
        calls = [self.calls[index] for index in sorted(self.calls)]
        return {
            "content": "".join(self.text) or None,
            "refusal": "".join(self.refusal) or None,
            "tool_calls": calls or None,
        }
