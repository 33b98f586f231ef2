"""What the real APIs refuse of a request."""

from __future__ import annotations

import re
from typing import Any

from .strict_rules import violations

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def refusal(path: str, request: dict[str, Any]) -> str | None:
    """Why the API would answer 400; None if it would not."""
    if "model" not in request:
        return "you must provide a model"
    check = {
        "/v1/responses": _responses,
        "/v1/chat/completions": _chat,
        "/v1/messages": _messages,
    }.get(path)
    return f"no endpoint {path}" if check is None else check(request)


def _responses(request: dict[str, Any]) -> str | None:
    waiting: list[str] = []
    for item in request["input"]:
        if item.get("type") == "function_call":
            waiting.append(item["call_id"])
        elif item.get("type") == "function_call_output":
            if item["call_id"] not in waiting:
                return f"no tool call found for output {item['call_id']}"
            waiting.remove(item["call_id"])
        elif "role" in item and waiting:
            return f"no tool output found for {waiting}"
    if waiting:
        return f"no tool output found for {waiting}"
    return _functions(list(request.get("tools", ())))


def _chat(request: dict[str, Any]) -> str | None:
    waiting: list[str] = []
    for message in request["messages"]:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                return "a tool message must follow its tool_calls"
            if not isinstance(message["content"], str):
                return "a tool message takes text"
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            return f"tool_calls without an answer: {waiting}"
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
    if waiting:
        return f"tool_calls without an answer: {waiting}"
    if any(set(tool) != {"type", "function"} for tool in request.get("tools", ())):
        return "a tool has type and function"
    return _functions([tool["function"] for tool in request.get("tools", ())])


def _functions(functions: list[dict[str, Any]]) -> str | None:
    names = [function["name"] for function in functions]
    if len(set(names)) != len(names):
        return "two functions of one name"
    for function in functions:
        if not NAME.fullmatch(function["name"]):
            return f"bad name {function['name']!r}"
        if len(function.get("description", "")) > 1024:
            return f"description of {function['name']!r}: string too long"
        if function["strict"] and (found := violations(function["parameters"])):
            return f"invalid schema for function {function['name']!r}: {found}"
    return None


def _messages(request: dict[str, Any]) -> str | None:
    waiting: list[str] = []
    role = "assistant"
    if "max_tokens" not in request:
        return "max_tokens: field required"
    for message in request["messages"]:
        if message["role"] == role:
            return "roles must alternate"
        role = message["role"]
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not blocks:
            return "content must not be empty"
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if sorted(results) != sorted(waiting):
            return f"tool_use {waiting} answered by {results}"
        waiting = [block["id"] for block in blocks if block["type"] == "tool_use"]
    for tool in request.get("tools", ()):
        if not NAME.fullmatch(tool["name"]):
            return f"bad name {tool['name']!r}"
        schema = tool["input_schema"]
        if schema.get("type") != "object" or {"anyOf", "oneOf", "allOf"} & schema.keys():
            return "input_schema must be an object without a union at the top"
    return f"tool_use {waiting} unanswered" if waiting else None
