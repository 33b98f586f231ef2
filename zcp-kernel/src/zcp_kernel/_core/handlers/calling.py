"""Calling tools and starting tasks."""

from __future__ import annotations

from collections.abc import Awaitable

from ...context import Context
from ...model import CallRequest, CallResult, CreateTaskParams, CreateTaskResult
from ..task_runs import start_kind_task


def call_tool(params: CallRequest, ctx: Context) -> Awaitable[CallResult | CreateTaskResult]:
    """`tools/call`."""
    return ctx.kernel.executor.call(params, ctx)


async def create_task(params: CreateTaskParams, ctx: Context) -> CreateTaskResult:
    """`tasks/create`: start a task of a registered kind."""
    return await start_kind_task(params, ctx)
