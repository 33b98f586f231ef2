"""A streamed message, put together. Source: Anthropic, "Streaming messages"."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from zcp_kernel.errors import ParseError
from zcp_kernel.jsontext import loads

from ..adapters.calling import member
from ..adapters.shapes import ModelFailed

_PIECES = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


@define
class GatheredMessage:
    """Takes the events of one stream; kinds it does not know change nothing."""

    blocks: dict[int, dict[str, Any]] = field(factory=dict[int, dict[str, Any]])
    inputs: dict[int, str] = field(factory=dict[int, str])
    usage: dict[str, Any] = field(factory=dict[str, Any])
    stop_reason: str | None = None
    ended: bool = False

    def add(self, event: dict[str, Any]) -> str:
        """Take an event; returns the text it brought. Raises `ModelFailed` for an error."""
        kind, index = event.get("type"), int(event.get("index") or 0)
        if kind == "message_start":
            self.usage |= member(member(event, "message"), "usage")
        elif kind == "content_block_start":
            self.blocks[index] = dict(member(event, "content_block"))
        elif kind == "content_block_delta":
            return self._grow(index, member(event, "delta"))
        elif kind == "message_delta":
            self.stop_reason = member(event, "delta").get("stop_reason")
            counted = member(event, "usage").items()
            self.usage |= {name: number for name, number in counted if number is not None}
        elif kind == "message_stop":
            self.ended = True
        elif kind == "error":
            raise ModelFailed(str(member(event, "error").get("message") or "the stream failed"))
        return ""

    def _grow(self, index: int, delta: dict[str, Any]) -> str:
        kind = str(delta.get("type"))
        if kind == "input_json_delta":
            self.inputs[index] = self.inputs.get(index, "") + str(delta.get("partial_json") or "")
        elif kind in _PIECES and index in self.blocks:
            name = _PIECES[kind]
            piece = str(delta.get(name) or "")
            self.blocks[index][name] = str(self.blocks[index].get(name) or "") + piece
            return piece if kind == "text_delta" else ""
        return ""

    def message(self) -> dict[str, Any]:
        """The whole message. Raises `ModelFailed` if the stream ended before it did."""
        if not self.ended:
            raise ModelFailed("the stream ended before the answer did")
        for index, text in self.inputs.items():
            if text and index in self.blocks:
                self.blocks[index]["input"] = self._input(text)
        return {
            "content": [self.blocks[index] for index in sorted(self.blocks)],
            "stop_reason": self.stop_reason,
            "usage": self.usage,
        }

    def _input(self, text: str) -> Any:
        try:
            return loads(text.encode())
        except ParseError as error:
            if self.stop_reason == "tool_use":
                raise ModelFailed(f"the model's arguments are no JSON: {error}") from None
            return {}
