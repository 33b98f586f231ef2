"""Items of Responses as messages of Chat Completions, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zcp_kernel.jsontext import is_list, is_object


def as_messages(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation these items are; what Chat has no form for (reasoning) is left out. Calls of
    one turn become one message."""
    messages: list[dict[str, Any]] = []
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            role = "system" if item["role"] == "developer" else item["role"]
            messages.append({"role": role, "content": _content(item.get("content"))})
        elif kind == "function_call":
            if not messages or messages[-1]["role"] != "assistant":
                messages.append({"role": "assistant"})
            messages[-1].setdefault("tool_calls", []).append(_tool_call(item))
        elif kind == "function_call_output":
            text = _content(item.get("output"))
            messages.append(
                {"role": "tool", "tool_call_id": item["call_id"], "content": _texts(text)}
            )
    return messages


def as_items(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A message of the assistant's as items."""
    items: list[dict[str, Any]] = []
    if message.get("content"):
        items.append({"role": "assistant", "content": message["content"]})
    for call in message.get("tool_calls") or ():
        function = call["function"]
        items.append(
            {
                "type": "function_call",
                "call_id": call["id"],
                "name": function["name"],
                "arguments": function["arguments"],
            }
        )
    return items


def _tool_call(item: dict[str, Any]) -> dict[str, Any]:
    function = {"name": item["name"], "arguments": item.get("arguments") or "{}"}
    return {"id": item["call_id"], "type": "function", "function": function}


def _content(content: Any) -> Any:
    if not is_list(content):
        return content or ""
    parts = [_part(part) for part in content if is_object(part)]
    if all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts)
    return parts


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") == "input_image":
        return {"type": "image_url", "image_url": {"url": part.get("image_url", "")}}
    text = part.get("text") or part.get("refusal")
    return {"type": "text", "text": text} if text is not None else dict(part)


def _texts(content: Any) -> str:
    """The text of a tool's output: Chat takes no images there."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")
