"""A plain MCP host: every tool with its whole schema, and the text of results as it comes."""

import json
from collections.abc import Mapping
from typing import Any

from . import MOST_TURNS, SYSTEM


async def play(session: Any, client: Any, task: str, model: str) -> str:
    """Let the model do a task with a session's tools; returns its last words."""
    tools = [_function(tool) for tool in (await session.list_tools())["tools"]]
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": task},
    ]
    for _ in range(MOST_TURNS):
        completion = await client.chat.completions.create(
            model=model, messages=messages, tools=tools
        )
        said = _as_dict(completion)["choices"][0]["message"]
        calls = said.get("tool_calls") or []
        if not calls:
            return str(said.get("content") or "")
        messages.append({"role": "assistant", "tool_calls": calls})
        for call in calls:
            text = await _called(session, call["function"])
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": text})
    return "(no end)"


def _function(tool: Mapping[str, Any]) -> dict[str, Any]:
    said = {"name": tool["name"], "description": tool.get("description") or ""}
    return {"type": "function", "function": {**said, "parameters": tool["inputSchema"]}}


async def _called(session: Any, function: Mapping[str, Any]) -> str:
    """The text of a result: what a model is shown of it."""
    try:
        result = await session.call_tool(function["name"], json.loads(function["arguments"]))
    except Exception as error:
        # Whatever the client raises is what a host shows: a conversation goes on.
        return f"Error: {error}"
    return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")


def _as_dict(completion: Any) -> dict[str, Any]:
    if isinstance(completion, dict):
        return completion
    dumped: dict[str, Any] = completion.model_dump(mode="json", exclude_unset=True)
    return dumped
