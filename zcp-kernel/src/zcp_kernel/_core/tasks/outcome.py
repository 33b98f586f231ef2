"""How a task ended, as the JSON that is kept: `{"result": …}` or `{"error": {…}}`."""

from __future__ import annotations

import logging
import secrets
from typing import Any, cast

from ... import jsontext
from ...codec import PLAIN
from ...errors import CANCELLED, INTERNAL_ERROR, LimitReached, ZCPError
from ...model import TaskStatus
from ...model.base import Shape

log = logging.getLogger("zcp.tasks")

TOOL_CALL = "tools/call"


def success(operation: str, value: Any, max_bytes: int) -> tuple[TaskStatus, bytes]:
    """Status and outcome of a body that returned `value`.

    A tool call whose result is an error has failed (MCP 2025-11-25, "Tasks"). Raises `ValueError`
    for what JSON cannot say, `LimitReached` for a result over `max_bytes`.
    """
    outcome = jsontext.dumps({"result": value}, _plain)
    if len(outcome) > max_bytes:
        raise LimitReached(f"invalid: the task's result exceeds {max_bytes} bytes")
    failed = operation == TOOL_CALL and _is_error(value)
    return ("failed" if failed else "completed"), outcome


def failure(error: BaseException, *, task: str, mask: bool) -> tuple[str, bytes]:
    """Message and outcome of a body that raised; what no peer was meant to see is logged."""
    cause = _innermost(error)
    if isinstance(cause, ZCPError):
        return cause.message, _encode(cause.code, cause.message, cause.data)
    identity = secrets.token_hex(8)
    log.error("task %s failed, error id %s", task, identity, exc_info=cause)
    message = "internal error" if mask else str(cause) or type(cause).__name__
    return message, _encode(INTERNAL_ERROR, message, {"id": identity})


def cancellation(task_id: str) -> bytes:
    """Outcome of a task that was cancelled."""
    return _encode(CANCELLED, f"cancelled:{task_id}", None)


def interruption(task_id: str) -> bytes:
    """Outcome of a task whose process ended before it did."""
    return _encode(INTERNAL_ERROR, f"interrupted:{task_id}: the process that ran it ended", None)


def _is_error(result: Any) -> bool:
    members = cast(dict[str, Any], result) if isinstance(result, dict) else {}
    return bool(members.get("isError"))


def _innermost(error: BaseException) -> BaseException:
    # A task group in a handler wraps its one error; the caller should read that error's message.
    while isinstance(error, BaseExceptionGroup):
        group = cast(BaseExceptionGroup[BaseException], error)
        if len(group.exceptions) != 1:
            return group
        error = group.exceptions[0]
    return error


def _encode(code: int, message: str, data: Any) -> bytes:
    error: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    try:
        return jsontext.dumps({"error": error}, _plain)
    except ValueError:
        return jsontext.dumps({"error": {"code": code, "message": message}})


def _plain(value: Any) -> Any:
    return PLAIN.encode(value) if isinstance(value, Shape) else jsontext.plain(value)
