"""Tools and tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ...model import (
    AnswerTaskParams,
    CallRequest,
    CreateTaskParams,
    HandleParams,
    ListHandlesParams,
    ListTasksParams,
    ListToolsParams,
    ReadHandleParams,
    TaskOptions,
    TaskParams,
)
from .catalogue import CatalogueCalls
from .plain import call_answer, plain, task_answer, task_outcome

TaskWish = TaskOptions | Mapping[str, Any] | bool | None
"""`{ttl, pollInterval}` in milliseconds (snake_case too), or True for the server's defaults."""


class ToolCalls(CatalogueCalls):
    async def list_tools(
        self,
        cursor: str | None = None,
        profile: str | None = None,
        groups: Sequence[str] | None = None,
        exclude_groups: Sequence[str] | None = None,
        stages: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """`{"tools": [...], "profile"?, "nextCursor"?}`; all but `cursor` is the native plane's."""
        params = partial(
            ListToolsParams,
            profile=profile,
            groups=_listed(groups),
            exclude_groups=_listed(exclude_groups),
            stages=_listed(stages),
        )
        answer = await self.pages("tools/list", params, cursor, "tools")
        self._harmless.update(_harmless(answer["tools"]))
        return answer

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        task: TaskWish = None,
        *,
        timeout: float | None = None,
        progress: Callable[[dict[str, Any]], Any] | None = None,
    ) -> dict[str, Any]:
        """`{"content": [...], "isError": bool, "structuredContent"?, "handle"?}`.

        With `task` the call runs as a task and the answer is `{"task": {taskId, status, …}}`.
        `progress` is called with `{progress, total?, message?, progressToken}`, `timeout` is in
        seconds. A tool's own failure is a result with `isError`; raises as `ask` does otherwise.
        """
        request = CallRequest(
            name,
            None if arguments is None else dict(arguments),
            _options(task),
            meta=None if meta is None else dict(meta),
        )
        result = await self.ask(
            "tools/call",
            request,
            timeout=timeout,
            progress=progress,
            repeatable=name in self._harmless,
        )
        return call_answer(result)

    async def call_tool_as_task(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        ttl: int | None = 60000,
        poll_interval: int | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """`{"task": {taskId, status, …}}`; `ttl` and `poll_interval` are in milliseconds."""
        wish = TaskOptions(ttl=ttl, poll_interval=poll_interval)
        return await self.call_tool(name, arguments, meta, wish)


class TaskCalls(CatalogueCalls):
    async def create_task(
        self, kind: str, input: Any = None, task: TaskWish = None
    ) -> dict[str, Any]:
        """Start a task of a kind the server has: `{"task": {taskId, kind, status, …}}`."""
        return plain(await self.ask("tasks/create", CreateTaskParams(kind, input, _options(task))))

    async def list_tasks(self, cursor: str | None = None) -> dict[str, Any]:
        """`{"tasks": [...], "nextCursor"?}`: those of this session or principal."""
        return await self.pages("tasks/list", ListTasksParams, cursor, "tasks")

    async def get_task(self, task_id: str) -> dict[str, Any]:
        """`{"task": {…}}` as it now stands; `inputRequests` are what it waits for."""
        return task_answer(await self.ask("tasks/get", TaskParams(task_id)))

    async def get_task_result(self, task_id: str, *, timeout: float | None = None) -> Any:
        """Wait for the end of the task and return its result: what the tool call would have
        returned, or the value the task's handler gave.

        Raises the task's own error, and `DeadlineExceeded` after `timeout` seconds; the task goes
        on then.
        """
        payload = await self.ask("tasks/result", TaskParams(task_id), timeout=timeout)
        return task_outcome(payload.value)

    async def cancel_task(self, task_id: str) -> dict[str, Any]:
        """`{"task": {…}}`, cancelled. Raises `RemoteError` for one that has ended."""
        return task_answer(await self.ask("tasks/cancel", TaskParams(task_id)))

    async def answer_task(self, task_id: str, key: str, response: Any) -> dict[str, Any]:
        """Answer the open request `key` of the task's `inputRequests`, in any form a hook may
        return. Returns `{"task": {…}}`."""
        params = AnswerTaskParams(task_id, key, _response(response))
        return task_answer(await self.ask("tasks/answer", params))


class HandleCalls(CatalogueCalls):
    async def read_handle(
        self,
        handle: str,
        pointer: str | None = None,
        offset: int | None = None,
        limit: int | None = None,
        fields: Sequence[str] | None = None,
        where: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """`{"value", "total"?, "nextOffset"?}`: a page of a result that stayed on the server.

        `pointer` is a JSON Pointer (RFC 6901); see `ReadHandleParams`.
        """
        conditions = None if where is None else [dict(condition) for condition in where]
        params = ReadHandleParams(handle, pointer, offset, limit, _listed(fields), conditions)
        answer = plain(await self.ask("handles/read", params))
        answer.setdefault("value", None)
        return answer

    async def list_handles(self, cursor: str | None = None) -> dict[str, Any]:
        """`{"handles": [{id, kind, summary, size, count?, ttlMs?}], "nextCursor"?}`."""
        return await self.pages("handles/list", ListHandlesParams, cursor, "handles")

    async def release_handle(self, handle: str) -> dict[str, Any]:
        """Let the server forget it."""
        return plain(await self.ask("handles/release", HandleParams(handle)))


def _listed(names: Sequence[str] | None) -> list[str] | None:
    if names is None:
        return None
    return [names] if isinstance(names, str) else list(names)


def _options(wish: TaskWish) -> TaskOptions | None:
    if wish is None or wish is False:
        return None
    if isinstance(wish, TaskOptions):
        return wish
    if wish is True:
        return TaskOptions()
    interval = wish.get("pollInterval", wish.get("poll_interval"))
    return TaskOptions(ttl=wish.get("ttl"), poll_interval=interval)


def _response(response: Any) -> Any:
    """JSON for what may be a shape; the server reads every form a hook may return."""
    if type(response) is tuple:
        return [*response]
    return plain(response)


def _harmless(tools: list[dict[str, Any]]) -> list[str]:
    return [
        tool["name"]
        for tool in tools
        if (hints := tool.get("annotations"))
        and (hints.get("readOnlyHint") or hints.get("idempotentHint"))
    ]
