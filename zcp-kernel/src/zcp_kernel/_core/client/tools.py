"""Tools and handles."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ...errors import METHOD_NOT_FOUND, RemoteError, ZCPError
from ...jsontext import is_object
from ...model import (
    CallRequest,
    Detail,
    HandleParams,
    ListHandlesParams,
    ListToolsParams,
    ReadHandleParams,
    TaskOptions,
)
from .caching.known import KnownTools
from .catalogue import CatalogueCalls
from .plain import call_answer, plain

log = logging.getLogger("zcp.client")

TaskWish = TaskOptions | Mapping[str, Any] | bool | None
"""`{ttl, pollInterval}` in milliseconds (snake_case too), or True for the server's defaults."""


class ToolCalls(KnownTools):
    async def list_tools(
        self,
        cursor: str | None = None,
        profile: str | None = None,
        groups: Sequence[str] | None = None,
        exclude_groups: Sequence[str] | None = None,
        stages: Sequence[str] | None = None,
        detail: Detail | None = None,
    ) -> dict[str, Any]:
        """`{"tools": [...], "profile"?, "nextCursor"?}`; all but `cursor` is the native plane's.

        `detail` is how much is told of each tool: "names", "brief" (name, one line, `signature`) or
        "full", if not given. A native server is asked only for what changed since the last list.

        A tool that cannot be called here, because its `x-mcp-header` is wrong, is left out (MCP
        2026-07-28, basic/transports/streamable-http).
        """
        params = partial(
            ListToolsParams,
            profile=profile,
            groups=_listed(groups),
            exclude_groups=_listed(exclude_groups),
            stages=_listed(stages),
            detail=detail,
        )
        if cursor is None:
            answer = await self.known_tools(params)
        else:
            answer = await self.pages("tools/list", params, cursor, "tools")
        if detail not in (None, "full"):
            for tool in answer["tools"]:
                tool.pop("inputSchema", None)
            return answer
        answer["tools"] = [tool for tool in answer["tools"] if self._learned(tool)]
        return answer

    def _learned(self, tool: dict[str, Any]) -> bool:
        """Remember the tool; whether it can be called."""
        link = self._link
        fault = None
        if link is not None and link.connection.exchanges:
            fault = link.revision.client.tool_fault(tool.get("inputSchema") or {})
        if fault is None:
            self._tools[tool["name"]] = tool
            return True
        log.warning("tool %r of the server cannot be called: %s", tool["name"], fault)
        self._tools.pop(tool["name"], None)
        return False

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        task: TaskWish = None,
        *,
        timeout: float | None = None,
        progress: Callable[[dict[str, Any]], Any] | None = None,
        idempotent: bool | None = None,
        reset_timeout_on_progress: bool = False,
        max_timeout: float | None = None,
    ) -> dict[str, Any]:
        """`{"content": [...], "isError": bool, "structuredContent"?, "handle"?}`.

        With `task` the call runs as a task and the answer is `{"task": {taskId, status, …}}`. A
        tool that can only be a task is run as one without it, too, and waited for: as long as it
        takes unless a `timeout` is given; giving up waiting ends the task.
        `progress` is called with `{progress, total?, message?, progressToken}`. `timeout` is in
        seconds (`math.inf`: none); with `reset_timeout_on_progress` it begins anew at every
        progress, `max_timeout` seconds in all at most. An `idempotent` call, or one of a tool
        listed as such or as read-only, is sent once more if the connection is lost. A tool's own
        failure is a result with `isError`; raises as `ask` does otherwise.
        """
        request = CallRequest(
            name,
            None if arguments is None else dict(arguments),
            task_options(task),
            meta=None if meta is None else dict(meta),
        )
        manner: dict[str, Any] = {
            "timeout": timeout,
            "progress": progress,
            "repeatable": self._harmless(name) if idempotent is None else idempotent,
            "reset_timeout_on_progress": reset_timeout_on_progress,
            "max_timeout": max_timeout,
        }
        if request.task is not None:
            return call_answer(await self._called(request, manner, tasks=True))
        return await self._done(request, manner)

    async def _done(self, request: CallRequest, manner: dict[str, Any]) -> dict[str, Any]:
        """The call's answer, by way of a task where the tool only goes that way (MCP 2025-11-25,
        basic/utilities/tasks, "Tool-Level Negotiation"). What is known of the tool may be out of
        date, or nothing at all: when the server objects, its list is looked up."""
        name, as_task = request.name, self._only_as_task(request.name)
        try:
            answer = await self._attempt(request, manner, as_task=as_task)
        except RemoteError as error:
            if error.code != METHOD_NOT_FOUND or not await self._misjudged(name, as_task=as_task):
                raise
        else:
            refused = not self._tools and _is_refusal(answer)
            if not (refused and await self._misjudged(name, as_task=as_task)):
                return answer
        return await self._attempt(request, manner, as_task=not as_task)

    async def _attempt(
        self, request: CallRequest, manner: dict[str, Any], *, as_task: bool
    ) -> dict[str, Any]:
        if as_task:
            return await self._as_task(request, manner)
        try:
            return call_answer(await self._called(request, manner, tasks=False))
        except RemoteError as error:
            if self._objects_to(error) != "tasks":
                raise
        return await self._as_task(request, manner)

    async def _as_task(self, request: CallRequest, manner: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    async def _called(self, request: CallRequest, manner: dict[str, Any], *, tasks: bool) -> Any:
        """The call's result, or the task made of it; tried again with what the server's list says
        now if its headers did not fit."""
        try:
            return await self._call(request, manner, tasks=tasks)
        except RemoteError as error:
            if self._objects_to(error) != "headers":
                raise
        self.clear_cache()
        await self.list_tools()
        return await self._call(request, manner, tasks=tasks)

    def _call(self, request: CallRequest, manner: dict[str, Any], *, tasks: bool) -> Awaitable[Any]:
        schema = self._tools.get(request.name, {}).get("inputSchema")
        return self.ask("tools/call", request, schema=schema, tasks=tasks, **manner)

    def _objects_to(self, error: RemoteError) -> str | None:
        link = self._link
        objection = None if link is None else link.revision.client.objection(error)
        return None if objection is None else objection.reason

    def _only_as_task(self, name: str) -> bool:
        execution: dict[str, Any] = self._tools.get(name, {}).get("execution") or {}
        return execution.get("taskSupport") == "required" and self._asks_for_tasks

    @property
    def _asks_for_tasks(self) -> bool:
        """Whether it is the client that says which calls of tools become tasks."""
        if self._link is None or "tasks/result" not in self._link.methods:
            return False
        declared: Any = self._link.result["capabilities"]
        for member in ("tasks", "requests", "tools", "call"):
            declared = declared.get(member) if is_object(declared) else None
        return declared is not None

    async def _misjudged(self, name: str, *, as_task: bool) -> bool:
        """Whether the tool is to be called the other way, by what the server lists now."""
        if not self._asks_for_tasks:
            return False
        self.clear_cache()
        try:
            await self.list_tools()
        except ZCPError as error:
            log.info("how %r is to be called could not be looked up: %s", name, error)
            return False
        return self._only_as_task(name) != as_task

    def _harmless(self, name: str) -> bool:
        hints: dict[str, Any] = self._tools.get(name, {}).get("annotations") or {}
        return bool(hints.get("readOnlyHint") or hints.get("idempotentHint"))


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


def _is_refusal(answer: dict[str, Any]) -> bool:
    """Whether this is what servers made with the TypeScript SDK say of a call that is to be a task:
    the error of the protocol, told as a failure of the tool."""
    said = (block.get("text") for block in answer["content"])
    return answer["isError"] and any(str(METHOD_NOT_FOUND) in (text or "") for text in said)


def _listed(names: Sequence[str] | None) -> list[str] | None:
    if names is None:
        return None
    return [names] if isinstance(names, str) else list(names)


def task_options(wish: TaskWish) -> TaskOptions | None:
    if wish is None or wish is False:
        return None
    if isinstance(wish, TaskOptions):
        return wish
    if wish is True:
        return TaskOptions()
    interval = wish.get("pollInterval", wish.get("poll_interval"))
    return TaskOptions(ttl=wish.get("ttl"), poll_interval=interval)
