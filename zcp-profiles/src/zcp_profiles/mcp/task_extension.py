"""Tasks as the extension `io.modelcontextprotocol/tasks` has them (SEP-2663): another view of the
one engine."""

from __future__ import annotations

from typing import TypeVar

from attrs import fields
from zcp_kernel.context import Context
from zcp_kernel.errors import (
    MISSING_CAPABILITY,
    InvalidParams,
    MissingCapability,
    NotFound,
    RemoteError,
)
from zcp_kernel.model import (
    TERMINAL,
    Acknowledged,
    CallError,
    CallResult,
    DetailedTask,
    TaskDescriptor,
    TaskParams,
    UpdateTaskParams,
)

from .failures import MISSING_CLIENT_CAPABILITY

T = TypeVar("T", bound=DetailedTask)

_MEMBERS = tuple(each.name for each in fields(TaskDescriptor))


def require_extension(ctx: Context) -> None:
    """Refuse a client that did not declare the extension, before anything is looked up."""
    if not ctx.session.takes_tasks:
        raise MissingCapability("tasks")


async def get_task(params: TaskParams, ctx: Context) -> DetailedTask:
    """`tasks/get`: the task with its open questions, its result or its error."""
    require_extension(ctx)
    return await detailed(DetailedTask, params.task_id, ctx)


async def update_task(params: UpdateTaskParams, ctx: Context) -> Acknowledged:
    """`tasks/update`: responses to open requests; those to any other key are ignored.

    Raises `InvalidParams` for a response that does not fit its request, which stays open, when all
    others are taken.
    """
    require_extension(ctx)
    task = await ctx.kernel.tasks.get(params.task_id, ctx.owner)
    asked = task.input_requests or {}
    misfit: InvalidParams | None = None
    for key, response in params.input_responses.items():
        if key not in asked:
            continue
        try:
            await ctx.kernel.tasks.answer(params.task_id, ctx.owner, key, response)
        except NotFound:
            # Somebody else answered it in the meantime.
            continue
        except InvalidParams as error:
            misfit = misfit or error
    if misfit is not None:
        raise misfit
    return Acknowledged()


async def cancel_task(params: TaskParams, ctx: Context) -> Acknowledged:
    """`tasks/cancel`: acknowledged also when the task has ended already."""
    require_extension(ctx)
    task = await ctx.kernel.tasks.get(params.task_id, ctx.owner)
    if task.status not in TERMINAL:
        try:
            await ctx.kernel.tasks.cancel(params.task_id, ctx.owner)
        except InvalidParams:
            # It ended in the meantime.
            return Acknowledged()
    return Acknowledged()


async def detailed(cls: type[T], task_id: str, ctx: Context) -> T:
    """A task of the caller's with what came of it. Raises `NotFound`.

    A tool's error result is a result here: only a protocol error is a failure.
    """
    task = await ctx.kernel.tasks.get(task_id, ctx.owner)
    shape = cls(**{name: getattr(task, name) for name in _MEMBERS})
    if task.status not in ("completed", "failed"):
        return shape
    try:
        payload = await ctx.kernel.execute("tasks/result", TaskParams(task_id), ctx)
    except RemoteError as error:
        missing = error.code == MISSING_CAPABILITY
        code = MISSING_CLIENT_CAPABILITY if missing else error.code
        shape.error = CallError(code, error.message, error.data)
        return shape
    value = payload.value
    shape.status = "completed"
    shape.result = value if isinstance(value, CallResult) else CallResult(structured_content=value)
    return shape
