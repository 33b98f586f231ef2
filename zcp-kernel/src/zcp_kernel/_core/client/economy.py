"""The native plane's economies as a client uses them: search, describe, pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ...model import (
    DescribeToolsParams,
    Detail,
    FoundTools,
    HandleParams,
    PipelineParams,
    PipelineStep,
    SearchToolsParams,
)
from .catalogue import CatalogueCalls
from .plain import plain, with_call_members

Step = PipelineStep | Mapping[str, Any]
"""`{"id", "tool", "arguments"?}`."""


class EconomyCalls(CatalogueCalls):
    """A server of another make has none of these: they raise `MethodNotFound` then."""

    async def search_tools(
        self, query: str, limit: int | None = None, detail: Detail | None = None
    ) -> dict[str, Any]:
        """`{"tools": [...]}`: the tools that fit the words of `query` best, best first.

        `detail` is "names", "brief" (name, one line, call signature; the default) or "full".
        """
        params = SearchToolsParams(query, limit, detail)
        return {"tools": shown(await self.ask("tools/search", params), detail or "brief")}

    async def describe_tools(self, names: str | Sequence[str]) -> dict[str, Any]:
        """`{"tools": [...]}`: these tools in full. Raises `RemoteError` (`not_found:…`) naming all
        that do not exist."""
        listed = [names] if isinstance(names, str) else list(names)
        found = await self.ask("tools/describe", DescribeToolsParams(listed))
        return {"tools": shown(found, "full")}

    async def run_pipeline(
        self,
        steps: Sequence[Step],
        returns: str | Sequence[str] | Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Run several calls on the server, without their results passing through here.

        In a step's arguments `{"$step": id, "pointer"?}` stands for an earlier step's result, or a
        part of it, and `{"$handle": id, "pointer"?}` for a kept value. `returns` is a step's id
        (the last if not given), several ids, or such a reference to a step. The answer is as
        `call_tool` gives it; when a step failed, `isError` is set and `steps` is a list of
        `{id, status: done | failed | skipped, error?, handle?}`. Raises `RemoteError`, and nothing
        was run, for a pipeline that cannot run: an unknown tool, a loop, too many steps.
        """
        given = [step if isinstance(step, PipelineStep) else _step(step) for step in steps]
        params = PipelineParams(given, _returned(returns))
        return with_call_members(plain(await self.ask("tools/pipeline", params, timeout=timeout)))

    async def get_handle(self, handle: str) -> dict[str, Any]:
        """`{"handle": {id, kind, summary, size, count?, ttlMs?}}`; `ttlMs` is the time left."""
        return plain(await self.ask("handles/get", HandleParams(handle)))

    async def count_handle(self, handle: str) -> dict[str, Any]:
        """`{"count": n}`: items of a list, members of an object, characters of a string."""
        return plain(await self.ask("handles/count", HandleParams(handle)))


def shown(found: FoundTools, detail: Detail) -> list[dict[str, Any]]:
    """Tools as dicts with what that level of detail tells of them."""
    tools = [plain(tool) for tool in found.tools]
    if detail != "full":
        for tool in tools:
            tool.pop("inputSchema", None)
    return tools


def _step(given: Mapping[str, Any]) -> PipelineStep:
    arguments = given.get("arguments")
    return PipelineStep(given["id"], given["tool"], None if arguments is None else dict(arguments))


def _returned(wanted: Any) -> Any:
    if wanted is None or isinstance(wanted, str):
        return wanted
    if isinstance(wanted, Mapping):
        return dict(cast("Mapping[str, Any]", wanted))
    return list(wanted)
