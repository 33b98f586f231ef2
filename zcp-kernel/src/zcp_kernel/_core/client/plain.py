"""Result shapes as the dicts a caller gets: one camelCase form, whatever dialect they came in."""

from __future__ import annotations

from typing import Any

from ...codec import PLAIN
from ...jsontext import is_list, is_object
from ...model import CallResult, CreateTaskResult, DetailedTask, TaskDescriptor


def plain(shape: Any) -> dict[str, Any]:
    encoded: dict[str, Any] = PLAIN.encode(shape)
    return encoded


def call_answer(result: CallResult | CreateTaskResult) -> dict[str, Any]:
    """`{content, isError, structuredContent?, …}`, or `{task}` when the call became a task."""
    if isinstance(result, CreateTaskResult):
        return plain(result)
    return with_call_members(plain(result))


def with_call_members(answer: dict[str, Any]) -> dict[str, Any]:
    answer.setdefault("content", [])
    answer.setdefault("isError", False)
    return answer


def task_answer(task: TaskDescriptor) -> dict[str, Any]:
    """`{"task": {…}}` without what came of it, which has a method of its own."""
    members = plain(task)
    if isinstance(task, DetailedTask):
        members.pop("result", None)
        members.pop("error", None)
    return {"task": members}


def task_outcome(value: Any) -> Any:
    """The result of a task: a tool's as `call_answer` gives it, any other as it is."""
    if is_object(value) and _is_call_result(value):
        return with_call_members(dict(value))
    return value


def _is_call_result(value: dict[str, Any]) -> bool:
    if "structuredContent" in value:
        return True
    content = value.get("content")
    return is_list(content) and all(is_object(block) and "type" in block for block in content)
