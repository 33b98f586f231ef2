"""Starting tasks: a tool call that goes on in the background, or a registered kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import anyio
from attrs import fields

from ..codec import PLAIN
from ..context import Context
from ..errors import DeadlineExceeded, Forbidden, MissingCapability, NotFound
from ..jsontext import loads
from ..model import (
    CreateTaskParams,
    CreateTaskResult,
    TaskDescriptor,
    TaskOptions,
    TaskStatusChanged,
)
from ..security import Principal
from .asking import CAPABILITY_OF, Question, single_cause
from .nowhere import NOWHERE
from .registry.items import TaskKind, Tool
from .tasks.outcome import TOOL_CALL
from .tasks.policy import TaskPolicy
from .tasks.runs import Body, Work

if TYPE_CHECKING:
    from ..contracts import TaskRecord
    from .kernel import Kernel
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
        able = self._session.can_ask(operation)
        revision = self._session.revision
        if revision is None or not revision.replays:
            return able
        if not able:
            raise MissingCapability(CAPABILITY_OF.get(operation, operation))
        # This client is never sent a request: it finds the question in the task.
        return False

    async def ask(self, operation: str, params: Any) -> Any:
        return await self._session.ask(operation, params)


_TASK_FIELDS = tuple(each.name for each in fields(TaskDescriptor))


async def start_tool_task(
    tool: Tool, arguments: dict[str, Any], options: TaskOptions | None, ctx: Context
) -> CreateTaskResult:
    """Run a checked tool call as a task; its outcome is the call's result."""

    descriptor = await ctx.kernel.tasks.create(
        tool.definition.name,
        arguments,
        owner=ctx.owner,
        options=options,
        body=_tool_body(tool, arguments, ctx),
        link=SessionLink(ctx.session),
        operation=TOOL_CALL,
        policy=tool.policy,
        caller=_caller(ctx.principal),
    )
    return CreateTaskResult(descriptor)


async def start_kind_task(params: CreateTaskParams, ctx: Context) -> CreateTaskResult:
    """Start a task of a registered kind; its outcome is what the handler returns.

    Raises `NotFound`, `Forbidden`, and `ValidationFailure` where the kind declared a schema.
    """
    kinds = ctx.kernel.registry.task_kinds
    kind = kinds.get(params.kind) or kinds.resolve(params.kind)
    if kind is None:
        raise NotFound("task kind", params.kind)
    missing = ctx.principal.lacks(kind.required_scopes)
    if missing:
        raise Forbidden(missing)
    payload = params.input if kind.check is None else kind.check.validate(params.input)

    descriptor = await ctx.kernel.tasks.create(
        kind.kind,
        payload,
        owner=ctx.owner,
        options=params.task,
        body=_kind_body(kind, payload, ctx),
        link=SessionLink(ctx.session),
        policy=kind.policy,
        caller=_caller(ctx.principal),
    )
    return CreateTaskResult(descriptor)


def resume(kernel: Kernel, record: TaskRecord) -> Work | None:
    """What is to be done for a task whose process is gone, or that waited for one; None if this
    app does not know its kind. It runs for the caller who asked, without a client of its own."""
    name, given = record.descriptor.kind, loads(record.input)
    ctx = _detached(kernel, record)
    if record.operation == TOOL_CALL:
        tool = kernel.registry.tools.get(name)
        return None if tool is None else Work(_tool_body(tool, given, ctx), tool.policy)
    kind = kernel.registry.task_kinds.get(name)
    return None if kind is None else Work(_kind_body(kind, given, ctx), kind.policy)


def policies(kernel: Kernel) -> dict[str, TaskPolicy]:
    """How tasks are run, by their kinds: task kinds, and tools that can be tasks."""
    tools = {
        tool.definition.name: tool.policy
        for tool in kernel.registry.tools
        if tool.task_support != "forbidden"
    }
    return {**tools, **{kind.kind: kind.policy for kind in kernel.registry.task_kinds}}


def _tool_body(tool: Tool, arguments: dict[str, Any], ctx: Context) -> Body:
    async def body(task: TaskExecutionContext) -> Any:
        return PLAIN.encode(await ctx.kernel.executor.run(tool, arguments, _context(ctx, task)))

    return body


def _kind_body(kind: TaskKind, payload: Any, ctx: Context) -> Body:
    async def body(task: TaskExecutionContext) -> Any:
        if isinstance(payload, Mapping):
            given = dict(cast("Mapping[str, Any]", payload))
        else:
            given = {"input": payload}
        return await _run_kind(kind, given, _context(ctx, task))

    return body


def _caller(principal: Principal) -> dict[str, Any]:
    scopes = None if principal.scopes is None else sorted(principal.scopes)
    return {"subject": principal.subject, "scopes": scopes, "kind": principal.kind}


def _detached(kernel: Kernel, record: TaskRecord) -> Context:
    nobody: dict[str, Any] = {"subject": None, "scopes": [], "kind": "anonymous"}
    told: dict[str, Any] = loads(record.caller) or nobody
    scopes = None if told["scopes"] is None else frozenset(told["scopes"])
    principal = Principal(told["subject"], scopes, told["kind"])
    session = kernel.open_session(NOWHERE, principal)
    session.acts_for = record.owner
    return Context(kernel, session, record.operation)


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
    context = Context(
        ctx.kernel, ctx.session, ctx.operation, ctx.request_id, ctx.meta, related=None, task=task
    )
    context.extras = ctx.extras
    context.answers = ctx.answers
    revision = ctx.session.revision
    if revision is not None and revision.replays:
        context.asker = TaskAsker(task, ctx.session)
    return context


class TaskAsker:
    """What a task's body asks through its context, for a client that cannot be sent a request: the
    questions stay open in the task until it answers them."""

    def __init__(self, task: TaskExecutionContext, session: ZCPServerSession) -> None:
        self._task = task
        self._session = session

    async def ask(self, questions: Mapping[str, Question], *, declared: bool = False) -> Any:
        """The answers by key, all questions open at once."""
        answers: dict[str, Any] = {}

        async def one(key: str, question: Question) -> None:
            answers[key] = await self._task.put(question.operation, question.params)

        for question in questions.values():
            lacking = self._session.lacks(question)
            if lacking is not None:
                raise MissingCapability(lacking)
        with single_cause():
            async with anyio.create_task_group() as group:
                for key, question in questions.items():
                    group.start_soon(one, key, question)
        return {key: answers[key] for key in questions}

    def key_for(self, question: Question) -> str:
        return question.operation

    async def once(self, key: str, function: Callable[[], Awaitable[Any]]) -> Any:
        """A task's body runs once."""
        return await function()
