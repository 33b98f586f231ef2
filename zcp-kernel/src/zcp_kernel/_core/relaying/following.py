"""A call that the upstream runs as a task, followed until it ends."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ...codec import PLAIN
from ...errors import MethodNotFound, RemoteError, ZCPError
from ...model import CallResult, TaskDescriptor
from ..asking import single_cause
from .callers import Caller
from .failures import upstream_error
from .line import Line
from .meta import without_task

if TYPE_CHECKING:
    from ...context import Context

POLL_SECONDS = 1.0
"""How often a task is asked how it stands, beside what is told unasked."""


async def outcome(line: Line, task: TaskDescriptor, ctx: Context, number: int) -> CallResult:
    """The result of a tool call that runs as this task; `number` is the call's. See `_end`."""
    caller = line.callers.enter(ctx, number)
    result = PLAIN.decode(CallResult, await _end(line, task.task_id, caller))
    result.meta = without_task(result.meta)
    return result


async def kind_outcome(line: Line, kind: str, payload: Any, ctx: Context) -> Any:
    """What a task of this kind, started for it, returns; see `_end`."""
    caller = line.callers.enter(ctx)
    try:
        created = await line.session.create_task(kind, payload)
    except BaseException:
        line.callers.leave(caller, given_up=True)
        raise
    return await _end(line, created["task"]["taskId"], caller)


async def _end(line: Line, task_id: str, caller: Caller) -> Any:
    """Wait for the end of the task. Its messages become those of the caller's own task; when the
    caller gives up, the task is cancelled. Raises the error it ended with."""
    ctx = caller.ctx
    follower = _Follower(line, task_id, ctx)
    line.tasks[task_id] = follower.told
    line.callers.tasks[task_id] = caller
    finished, value = False, None
    try:
        with single_cause():
            async with anyio.create_task_group() as group:
                if ctx.task is not None:
                    group.start_soon(follower.run)
                value = await line.session.get_task_result(task_id)
                group.cancel_scope.cancel()
        finished = True
        return value
    except (RemoteError, MethodNotFound):
        finished = True
        raise
    except Exception as error:
        raise upstream_error(line.name(), error, repeatable=False) from error
    finally:
        del line.tasks[task_id]
        del line.callers.tasks[task_id]
        line.callers.leave(caller, given_up=not finished)
        if not finished:
            ctx.kernel.spawn(partial(_cancel, line, task_id))


class _Follower:
    """Says on the caller's task what the upstream says on its own."""

    def __init__(self, line: Line, task_id: str, ctx: Context) -> None:
        self._line = line
        self._id = task_id
        self._ctx = ctx
        self._said: Any = None

    def told(self, task: Mapping[str, Any]) -> None:
        message = task.get("statusMessage")
        own = self._ctx.task
        if own is None or not isinstance(message, str) or message == self._said:
            return
        if task.get("status") in ("working", "input_required", "queued"):
            self._said = message
            own.set_status("working", message)

    async def run(self) -> None:
        while True:
            answer = await self._line.session.get_task(self._id)
            self.told(answer["task"])
            await anyio.sleep(max(POLL_SECONDS, (answer["task"].get("pollInterval") or 0) / 1000))


async def _cancel(line: Line, task_id: str) -> None:
    with anyio.move_on_after(5):
        try:
            await line.session.cancel_task(task_id)
        except ZCPError:
            # It ended by itself, or the upstream is gone: nothing is left to cancel.
            return
