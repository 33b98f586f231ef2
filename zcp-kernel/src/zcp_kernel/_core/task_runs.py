"""Starting tasks: a tool call that goes on in the background, or a registered kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio

from ..codec import PLAIN
from ..context import Context
from ..errors import DeadlineExceeded, Forbidden, InvalidParams, NotFound
from ..model import (
    CreateTaskParams,
    CreateTaskResult,
    TaskDescriptor,
    TaskOptions,
    TaskStatusChanged,
)
from .registry.items import TaskKind, Tool

if TYPE_CHECKING:
    from .session import ZCPServerSession
    from .tasks.context import TaskExecutionContext


class SessionLink:
    """How a task reaches the client that started it."""

    def __init__(self, session: ZCPServerSession) -> None:
        self._session = session

    def notify(self, descriptor: TaskDescriptor) -> None:
        members = {name: getattr(descriptor, name) for name in _TASK_FIELDS}
        self._session.post(TaskStatusChanged(**members))

    def can_ask(self, operation: str) -> bool:
        return self._session.can_ask(operation)

    async def ask(self, operation: str, params: Any) -> Any:
        return await self._session.ask(operation, params)


_TASK_FIELDS = tuple(each.name for each in TaskDescriptor.__attrs_attrs__)  # type: ignore[attr-defined]


async def start_tool_task(
    tool: Tool, arguments: dict[str, Any], options: TaskOptions | None, ctx: Context
) -> CreateTaskResult:
    """Run a checked tool call as a task; its outcome is the call's result."""

    async def body(task: TaskExecutionContext) -> Any:
        return PLAIN.encode(await ctx.kernel.executor.run(tool, arguments, _context(ctx, task)))

    descriptor = await ctx.kernel.tasks.create(
        tool.definition.name,
        arguments,
        owner=ctx.owner,
        options=options,
        body=body,
        link=SessionLink(ctx.session),
        operation=ctx.operation,
    )
    return CreateTaskResult(descriptor)


async def start_kind_task(params: CreateTaskParams, ctx: Context) -> CreateTaskResult:
    """Start a task of a registered kind; its outcome is what the handler returns.

    Raises `NotFound`, `Forbidden`, and `ValidationFailure` where the kind declared a schema.
    """
    kind = ctx.kernel.registry.task_kinds.get(params.kind)
    if kind is None:
        raise NotFound("task kind", params.kind)
    missing = ctx.principal.lacks(kind.required_scopes)
    if missing:
        raise Forbidden(missing)
    payload = params.input if kind.check is None else kind.check.validate(params.input)

    async def body(task: TaskExecutionContext) -> Any:
        given = dict(payload) if isinstance(payload, Mapping) else {"input": payload}
        return await _run_kind(kind, given, _context(ctx, task))

    descriptor = await ctx.kernel.tasks.create(
        kind.kind,
        payload,
        owner=ctx.owner,
        options=params.task,
        body=body,
        link=SessionLink(ctx.session),
    )
    return CreateTaskResult(descriptor)


async def _run_kind(kind: TaskKind, payload: dict[str, Any], ctx: Context) -> Any:
    task = ctx.task
    assert task is not None
    payload["task"] = task if kind.invoke.is_async else task.blocking()
    if kind.timeout is None:
        return await kind.invoke({"payload": payload}, ctx)
    with anyio.move_on_after(kind.timeout):
        return await kind.invoke({"payload": payload}, ctx)
    raise DeadlineExceeded(f"deadline: {kind.kind} did not finish within {kind.timeout:g} s")


def _context(ctx: Context, task: TaskExecutionContext) -> Context:
    """The request's context for work that outlives it: what it says goes to the session, not to a
    response that is long gone."""
    return Context(
        ctx.kernel, ctx.session, ctx.operation, ctx.request_id, ctx.meta, related=None, task=task
    )
