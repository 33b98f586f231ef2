"""`tasks/…`: following and steering tasks. Starting them is `calling.py`'s."""

from __future__ import annotations

from typing import Any

from ... import jsontext
from ...codec import PLAIN
from ...context import Context
from ...errors import RemoteError
from ...model import (
    AnswerTaskParams,
    CallResult,
    ListTasksParams,
    ListTasksResult,
    TaskDescriptor,
    TaskParams,
    TaskPayload,
)
from ..tasks.outcome import TOOL_CALL


async def list_tasks(params: ListTasksParams, ctx: Context) -> ListTasksResult:
    """`tasks/list`: the caller's own, oldest first."""
    size = ctx.kernel.config.section("server").page_size
    return ListTasksResult(*await ctx.kernel.tasks.list(ctx.owner, params.cursor, size))


async def get_task(params: TaskParams, ctx: Context) -> TaskDescriptor:
    """`tasks/get`"""
    return await ctx.kernel.tasks.get(params.task_id, ctx.owner)


async def task_result(params: TaskParams, ctx: Context) -> TaskPayload:
    """`tasks/result`: waits for the end; then the result itself, or `RemoteError` with the code,
    message and data of the error the task ended with."""
    record = await ctx.kernel.tasks.ended(params.task_id, ctx.owner)
    outcome: dict[str, Any] = jsontext.loads(record.outcome or b"{}")
    if "error" in outcome:
        error = outcome["error"]
        raise RemoteError(error["code"], error["message"], error.get("data"))
    result = outcome["result"]
    if record.operation == TOOL_CALL:
        result = PLAIN.decode(CallResult, result)
        tool = ctx.kernel.registry.tools.get(record.descriptor.kind)
        if tool is not None:
            result.carrier = ctx.kernel.executor.carrier_of(tool)
    return TaskPayload(result, task_id=params.task_id)


async def answer_task(params: AnswerTaskParams, ctx: Context) -> TaskDescriptor:
    """`tasks/answer`: the response to one open request of the task."""
    return await ctx.kernel.tasks.answer(params.task_id, ctx.owner, params.key, params.response)


async def cancel_task(params: TaskParams, ctx: Context) -> TaskDescriptor:
    """`tasks/cancel`"""
    return await ctx.kernel.tasks.cancel(params.task_id, ctx.owner)
