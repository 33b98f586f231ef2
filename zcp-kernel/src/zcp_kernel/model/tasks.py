"""Work that outlives the request that started it."""

from __future__ import annotations

from typing import Any, Literal

from attrs import define, field

from .base import Described
from .calls import TaskOptions
from .catalogue import ListParams

TaskStatus = Literal["queued", "working", "input_required", "completed", "failed", "cancelled"]

TERMINAL: frozenset[str] = frozenset({"completed", "failed", "cancelled"})
"""Statuses a task never leaves."""


@define(slots=True)
class TaskDescriptor(Described):
    """A task as its owner sees it.

    Times are ISO 8601 in UTC; `ttl` (None: kept without limit) and `poll_interval` are in
    milliseconds; `input_requests` maps a key to the open request `{method, params}` it stands for.
    """

    task_id: str
    kind: str
    status: TaskStatus
    created_at: str
    last_updated_at: str
    ttl: int | None = None
    poll_interval: int | None = None
    status_message: str | None = None
    input_requests: dict[str, Any] | None = None


@define(slots=True)
class CreateTaskParams(Described):
    kind: str
    input: Any = None
    task: TaskOptions | None = None


@define(slots=True)
class CreateTaskResult(Described):
    task: TaskDescriptor


@define(slots=True)
class TaskParams(Described):
    """Parameters of `tasks/get`, `tasks/result` and `tasks/cancel`."""

    task_id: str


@define(slots=True)
class AnswerTaskParams(Described):
    """Parameters of `tasks/answer`: the response to the open request named `key`."""

    task_id: str
    key: str
    response: Any


@define(slots=True)
class ListTasksParams(ListParams):
    pass


@define(slots=True)
class ListTasksResult(Described):
    tasks: list[TaskDescriptor]
    next_cursor: str | None = None


@define(slots=True)
class TaskPayload(Described):
    """The result of a task: any JSON value, or the shape its request would have had.

    It is sent as the value itself. `task_id` does not travel as a member; MCP 2025-11-25 puts it
    into the result's `_meta`.
    """

    value: Any = None
    task_id: str | None = field(default=None, metadata={"wire": False})
