"""Tasks, in whatever form the server has them.

A revision of sessions has operations for a task's result and its open requests; the extension
`io.modelcontextprotocol/tasks` (SEP-2663) has it all in the task itself, which is asked for again
until it has ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import Any

import anyio
from attrs import evolve

from ...errors import ConnectionLost, DeadlineExceeded, NotFound, RemoteError, ZCPError
from ...model import (
    AnswerTaskParams,
    CallRequest,
    CallResult,
    CreateTaskParams,
    CreateTaskResult,
    DetailedTask,
    ListTasksParams,
    TaskDescriptor,
    TaskOptions,
    TaskParams,
    UpdateTaskParams,
)
from ..peer_shapes import elicitation_result, roots_result, sampling_result
from .calling.limits import Limit
from .calling.rounds import asked
from .link.calls import Deadline
from .plain import call_answer, plain, task_answer, task_outcome
from .running import ClientTask
from .tools import TaskWish, ToolCalls, task_options
from .watching import UPDATE_TASK, Watching

log = logging.getLogger("zcp.client")

GET_TASK = "mcp/tasks/get"
CANCEL_TASK = "mcp/tasks/cancel"

MOST_FINISHED = 1000
"""Results of calls that were to be tasks and were answered at once, kept for who asks for them."""


class TaskCalls(ToolCalls, Watching):
    async def call_tool_as_task(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        ttl: int | None = 60000,
        poll_interval: int | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """`{"task": {taskId, status, …}}`; `ttl` and `poll_interval` are in milliseconds.

        A server may answer at once all the same. Then the task is one that has completed, and this
        session has its result.
        """
        wish = {"ttl": ttl, "pollInterval": poll_interval}
        request = CallRequest(
            name,
            None if arguments is None else dict(arguments),
            task_options(wish),
            meta=None if meta is None else dict(meta),
        )
        manner = {"repeatable": self._harmless(name)}
        result = await self._called(request, manner, tasks=True)
        if isinstance(result, CreateTaskResult):
            return plain(result)
        return {"task": self._finish(result)}

    async def start_task(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        ttl: int | None = 60000,
        poll_interval: int | None = None,
        meta: Mapping[str, Any] | None = None,
        progress: Callable[[dict[str, Any]], Any] | None = None,
    ) -> ClientTask:
        """Call a tool as a task and hold on to it: `await` it for the result, iterate over it for
        its changes. `progress` is called for as long as it runs; the rest is as for
        `call_tool_as_task`."""
        token = None
        if progress is not None:
            link = await self._ready()
            token = link.connection.next_number()
            link.connection.progress[token] = progress
            meta = {**(meta or {}), "progressToken": token}
        created = await self.call_tool_as_task(name, arguments, ttl, poll_interval, meta)
        return ClientTask(self, created["task"], token)

    def task(self, task_id: str) -> ClientTask:
        """Hold on to a task that was made elsewhere or before; its status is not known yet."""
        return ClientTask(self, {"taskId": task_id})

    async def create_task(
        self, kind: str, input: Any = None, task: TaskWish = None
    ) -> dict[str, Any]:
        """Start a task of a kind the server has: `{"task": {taskId, kind, status, …}}`."""
        params = CreateTaskParams(kind, input, task_options(task))
        return plain(await self.ask("tasks/create", params))

    async def list_tasks(self, cursor: str | None = None) -> dict[str, Any]:
        """`{"tasks": [...], "nextCursor"?}`: those of this session or principal."""
        return await self.pages("tasks/list", ListTasksParams, cursor, "tasks")

    async def get_task(self, task_id: str) -> dict[str, Any]:
        """`{"task": {…}}` as it now stands; `inputRequests` are what it waits for."""
        finished = self._finished.get(task_id)
        if finished is not None:
            return {"task": dict(finished[0])}
        return task_answer(await self.fetch_task(task_id))

    async def fetch_task(self, task_id: str) -> TaskDescriptor:
        """The task as a shape, with what came of it where the revision tells that with it."""
        if await self._by_extension():
            detailed: DetailedTask = await self.ask(GET_TASK, TaskParams(task_id), tasks=True)
            return detailed
        descriptor: TaskDescriptor = await self.ask("tasks/get", TaskParams(task_id))
        return descriptor

    async def get_task_result(self, task_id: str, *, timeout: float | None = None) -> Any:
        """Wait for the end of the task and return its result: what the tool call would have
        returned, or the value the task's handler gave. What the task asks of its client in the
        meantime is answered by the hooks.

        Raises the task's own error, `InputRequired` where there is no hook for what it asks, and
        `DeadlineExceeded` after `timeout` seconds (none unless given); the task goes on then.
        """
        finished = self._finished.get(task_id)
        if finished is not None:
            return call_answer(finished[1])
        if not await self._by_extension():
            limit = inf if timeout is None else timeout
            payload = await self.ask("tasks/result", TaskParams(task_id), timeout=limit)
            return task_outcome(payload.value)
        with anyio.move_on_after(timeout):
            return call_answer(await self._ended(task_id))
        raise DeadlineExceeded(f"task {task_id}: no result within {timeout:g} s")

    async def cancel_task(self, task_id: str) -> dict[str, Any]:
        """`{"task": {…}}`, cancelled; where cancelling is only a request, as it then stands. Raises
        `RemoteError` for one that has ended, unless the revision acknowledges that too."""
        if not await self._by_extension():
            return task_answer(await self.ask("tasks/cancel", TaskParams(task_id)))
        if task_id not in self._finished:
            await self.ask(CANCEL_TASK, TaskParams(task_id), tasks=True)
        return await self.get_task(task_id)

    async def answer_task(self, task_id: str, key: str, response: Any) -> dict[str, Any]:
        """Answer the open request `key` of the task's `inputRequests`, in any form a hook may
        return. Returns `{"task": {…}}`. Raises `NotFound` for a request that is not open."""
        if not await self._by_extension():
            params = AnswerTaskParams(task_id, key, _response(response))
            return task_answer(await self.ask("tasks/answer", params))
        task = await self.fetch_task(task_id)
        raw = (task.input_requests or {}).get(key)
        if raw is None:
            raise NotFound("request", key)
        revision = (await self._ready()).revision
        request = asked(revision, raw)
        method = revision.peer_requests[request.operation]
        answer = method.encode_result(_as_hook(request.operation, request.params, response))
        await self.ask(UPDATE_TASK, UpdateTaskParams(task_id, {key: answer}), tasks=True)
        return await self.get_task(task_id)

    # - both forms ---------------------------------------------------------------------------------

    async def _by_extension(self) -> bool:
        return GET_TASK in (await self._ready()).methods

    async def _ended(self, task_id: str) -> CallResult:
        task: Any = None
        async for state in self.changes(task_id, demanding=True):
            task = state
        if task.result is None and task.error is None and task.status != "cancelled":
            # A notice told of the end, but not of what came of it.
            task = await self.fetch_task(task_id)
        if task.error is not None:
            raise RemoteError(task.error.code, task.error.message, task.error.data)
        if task.status == "cancelled":
            raise RemoteError(-32603, f"the task was cancelled: {task_id}")
        return task.result or CallResult()

    async def _as_task(self, request: CallRequest, manner: dict[str, Any]) -> dict[str, Any]:
        """Have the call done as a task, and wait as for any other: what ends the wait ends it."""
        link = await self._ready()
        limit = Limit(self._whole(manner), manner["progress"])
        meta = request.meta
        token = link.connection.next_number()
        if limit.listens:
            link.connection.progress[token] = limit.heard
            meta = {**(meta or {}), "progressToken": token}
        request = evolve(request, task=TaskOptions(), meta=meta)
        sending = {"timeout": manner["timeout"], "repeatable": manner["repeatable"]}
        try:
            with limit.scope:
                made = await self._called(request, sending, tasks=True)
                if not isinstance(made, CreateTaskResult):
                    return call_answer(made)
                return await self._awaited(made.task.task_id, repeatable=manner["repeatable"])
        finally:
            link.connection.progress.pop(token, None)
        raise DeadlineExceeded(f"tools/call: no answer within {limit.seconds:g} s")

    def _whole(self, manner: dict[str, Any]) -> Deadline:
        """The deadline of call and task together: a task is given all its time unless told."""
        return self._deadline(
            inf if manner["timeout"] is None else manner["timeout"],
            extends=manner["reset_timeout_on_progress"],
            at_most=manner["max_timeout"],
        )

    async def _awaited(self, task_id: str, *, repeatable: bool) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await self.get_task_result(task_id)
        except anyio.get_cancelled_exc_class():
            if self._link is not None:
                stop = partial(self._stop, task_id)
                self._link.connection.spawn(stop, name="zcp.client.cancel")
            raise
        except ConnectionLost as error:
            raise ConnectionLost(
                f"{error.message}; the call became the task {task_id}, which may go on: "
                f"client.task({task_id!r}) holds on to it",
                retryable=repeatable,
            ) from error
        return answer

    async def _stop(self, task_id: str) -> None:
        try:
            await self.cancel_task(task_id)
        except ZCPError as error:
            log.debug("task %s was not cancelled: %s", task_id, error)

    def _finish(self, result: CallResult) -> dict[str, Any]:
        """A task for a call that was answered at once."""
        self._answered_at_once += 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        task = {
            "taskId": f"answered-{self._answered_at_once}",
            "kind": "tools/call",
            "status": "failed" if result.is_error else "completed",
            "createdAt": now,
            "lastUpdatedAt": now,
        }
        self._finished[task["taskId"]] = (task, result)
        if len(self._finished) > MOST_FINISHED:
            self._finished.popitem(last=False)
        return dict(task)


def _as_hook(operation: str, params: Any, response: Any) -> Any:
    if operation == "elicitation/request":
        return elicitation_result(response, params)
    if operation == "sampling/createMessage":
        return sampling_result(response)
    return roots_result(response)


def _response(response: Any) -> Any:
    """JSON for what may be a shape; the server reads every form a hook may return."""
    if type(response) is tuple:
        return [*response]
    return plain(response)
