"""Showing what a tool, a task or a handle gave."""

from __future__ import annotations

import json
from typing import Any

from .connecting import Visit
from .jsonvalues import entries, is_list, is_object, members


async def show_result(visited: Visit, result: Any) -> bool:
    """Show the result of a call or a task. False if it says that the call failed."""
    answer = members(result)
    failed = answer.get("isError") is True
    if answer.get("handle") and not failed:
        result = answer = await _with_value(visited, answer)
    screen = visited.screen
    if screen.json:
        screen.document(result)
    if failed:
        text = "\n".join(filter(None, map(block_text, entries(answer.get("content")))))
        screen.problem(text or "the tool failed and did not say why")
    elif not screen.json:
        for text in result_texts(result):
            screen.text(text)
    return not failed


def result_texts(result: Any) -> list[str]:
    """A result for people: its structured content once, as JSON, and whatever else it holds."""
    answer = members(result)
    if not is_list(answer.get("content")):
        return [_pretty(result)]
    blocks, structured = answer["content"], answer.get("structuredContent")
    if structured is None:
        return [block_text(block) for block in blocks]
    others = [block for block in blocks if not _mirrors(block, structured)]
    return [_pretty(structured), *map(block_text, others)]


def block_text(block: dict[str, Any]) -> str:
    """A content block as text: what it says, or what it is."""
    kind = block.get("type")
    if kind == "text":
        return str(block.get("text", ""))
    if kind in ("image", "audio"):
        size = len(block.get("data", "")) * 3 // 4
        return f"[{kind} {block.get('mimeType')}, about {size} bytes; --json has it]"
    if kind == "resource":
        resource = members(block.get("resource"))
        if "text" in resource:
            return str(resource["text"])
        return f"[{resource.get('mimeType') or 'binary'} {resource.get('uri')}; --json has it]"
    if kind == "resource_link":
        return f"[{block.get('uri')} {block.get('name') or ''}]"
    return _pretty(block)


def _mirrors(block: dict[str, Any], structured: Any) -> bool:
    """Whether a block only repeats the structured content (MCP 2025-06-18, server/tools)."""
    if block.get("type") != "text":
        return False
    try:
        return bool(json.loads(block.get("text", "")) == structured)
    except ValueError:
        return False


async def _with_value(visited: Visit, result: dict[str, Any]) -> dict[str, Any]:
    """The result with what its handle keeps: the handle goes with this session."""
    value = await read_whole(visited, result["handle"]["id"])
    return {**result, "structuredContent": value}


async def read_whole(visited: Visit, handle: str, pointer: str | None = None) -> Any:
    """Everything a handle keeps, page by page; parts too large for a page are read by themselves
    (native-protocol.md, section 5)."""
    page = await visited.client.read_handle(handle, pointer)
    value = await _filled(visited, handle, page["value"])
    while page.get("nextOffset") is not None:
        page = await visited.client.read_handle(handle, pointer, offset=page["nextOffset"])
        value = _joined(value, await _filled(visited, handle, page["value"]))
    return value


async def _filled(visited: Visit, handle: str, value: Any) -> Any:
    """A page with the parts that stand in it as references."""
    if is_object(value):
        return {key: await _part(visited, handle, item) for key, item in value.items()}
    if is_list(value):
        return [await _part(visited, handle, item) for item in value]
    return value


async def _part(visited: Visit, handle: str, item: Any) -> Any:
    part = members(item)
    if part.keys() == {"$handle", "pointer"} and part["$handle"] == handle:
        return await read_whole(visited, handle, part["pointer"])
    return item


def _joined(first: Any, second: Any) -> Any:
    if is_object(first) and is_object(second):
        return {**first, **second}
    return first + second


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
