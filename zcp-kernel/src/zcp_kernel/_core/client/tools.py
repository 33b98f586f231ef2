"""Tools and handles."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ...contracts import Objection
from ...errors import RemoteError
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

        With `task` the call runs as a task and the answer is `{"task": {taskId, status, …}}`.
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
        return call_answer(await self._called(request, manner, tasks=request.task is not None))

    async def _called(self, request: CallRequest, manner: dict[str, Any], *, tasks: bool) -> Any:
        """The call's result, or the task made of it; tried again where the server refused it for
        something that can be mended."""
        try:
            return await self._call(request, manner, tasks=tasks)
        except RemoteError as error:
            objection = self._objection(error)
            if objection is None or objection.reason not in ("headers", "tasks") or tasks:
                raise
            if objection.reason == "tasks":
                # It can only be done as a task: have it done so, and wait as for any other call.
                return await self._outlasted(await self._call(request, manner, tasks=True))
        self.clear_cache()
        await self.list_tools()
        return await self._call(request, manner, tasks=tasks)

    def _call(self, request: CallRequest, manner: dict[str, Any], *, tasks: bool) -> Awaitable[Any]:
        schema = self._tools.get(request.name, {}).get("inputSchema")
        return self.ask("tools/call", request, schema=schema, tasks=tasks, **manner)

    async def _outlasted(self, result: Any) -> Any:
        raise NotImplementedError

    def _objection(self, error: RemoteError) -> Objection | None:
        return None if self._link is None else self._link.revision.client.objection(error)

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
