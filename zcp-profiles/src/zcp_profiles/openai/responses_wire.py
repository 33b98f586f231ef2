"""Responses: requests, answers, streams. Source: OpenAI, API reference, "Responses"."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Any, Literal

from zcp_kernel.jsontext import is_object

from ..adapters.calling import as_dict, called, iterated, objects
from ..adapters.shapes import ModelFailed, RawCall, Reply, TextDelta, ToolOutput, Usage
from ..adapters.tools.compiled import CompiledTools
from ..adapters.wire import Prompt
from .asking import Asking, count, said

_TEXT_DELTAS = ("response.output_text.delta", "response.refusal.delta")


class ResponsesWire:
    """The history is the list of input items; the model's own items go back as they came."""

    def __init__(self, asking: Asking) -> None:
        self.asking = asking

    def compile(self, tools: Iterable[dict[str, Any]]) -> CompiledTools:
        return self.asking.compile(tools, "responses")

    def prompted(self, prompt: Prompt) -> list[dict[str, Any]]:
        return said(prompt)

    def answered(self, outputs: Sequence[ToolOutput]) -> list[dict[str, Any]]:
        return [
            {
                "type": "function_call_output",
                "call_id": output.call.id,
                "output": _content(output) if output.images else output.text,
            }
            for output in outputs
        ]

    async def ask(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> Reply:
        response = await called(
            self.asking.client.responses.create, **self._request(history, tools)
        )
        return _reply(as_dict(response), response)

    async def stream(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[TextDelta | Reply]:
        request = self._request(history, tools, stream=True)
        opened = await called(self.asking.client.responses.create, **request)
        reply: Reply | None = None
        async with aclosing(iterated(opened)) as events:
            async for event in events:
                kind = getattr(event, "type", None) or as_dict(event).get("type")
                if kind in _TEXT_DELTAS:
                    yield TextDelta(as_dict(event)["delta"])
                elif kind in ("response.completed", "response.incomplete", "response.failed"):
                    reply = _reply(as_dict(event)["response"], getattr(event, "response", None))
                elif kind == "error":
                    raise ModelFailed(str(as_dict(event).get("message") or "the stream failed"))
        if reply is None:
            raise ModelFailed("the stream ended before the answer did")
        yield reply

    def _request(
        self, history: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        request = self.asking.with_request(
            input=[*history],
            tools=[*tools] or None,
            instructions=self.asking.instructions,
            **more,
        )
        if request.get("store") is False:
            # Where the API keeps nothing, its reasoning must travel with us, sealed.
            request.setdefault("include", ["reasoning.encrypted_content"])
        return request


def _reply(response: dict[str, Any], raw: Any) -> Reply:
    if response.get("status") == "failed":
        error = response.get("error")
        message = error.get("message") if is_object(error) else None
        raise ModelFailed(str(message or "the model failed"))
    items = tuple(
        item
        for item in objects(response, "output")
        if item.get("type") != "function_call" or item.get("status") != "incomplete"
    )
    parts = [
        part for item in items if item.get("type") == "message" for part in objects(item, "content")
    ]
    refusal = "".join(part["refusal"] for part in parts if part.get("type") == "refusal")
    text = "".join(part["text"] for part in parts if part.get("type") == "output_text")
    calls = tuple(
        RawCall(str(item["call_id"]), str(item["name"]), item.get("arguments") or "")
        for item in items
        if item.get("type") == "function_call"
    )
    ended: Literal["done", "incomplete", "refused"] = "refused" if refusal else "done"
    if response.get("status") == "incomplete":
        ended = "incomplete"
    return Reply(text or refusal, calls, items, _usage(response.get("usage")), ended, raw)


def _usage(usage: Any) -> Usage:
    return Usage(
        count(usage, "input_tokens"),
        count(usage, "output_tokens"),
        count(usage, "input_tokens_details", "cached_tokens"),
        count(usage, "output_tokens_details", "reasoning_tokens"),
        1,
    )


def _content(output: ToolOutput) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"type": "input_text", "text": output.text}]
    for image in output.images:
        url = f"data:{image.get('mimeType', 'image/png')};base64,{image.get('data', '')}"
        parts.append({"type": "input_image", "image_url": url, "detail": "auto"})
    return parts
