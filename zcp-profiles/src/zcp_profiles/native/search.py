"""`tools/search` and `tools/describe`."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

import anyio
import anyio.to_thread
from attrs import define, field
from zcp_kernel.context import Context
from zcp_kernel.errors import Fault, InvalidParams, NotFound
from zcp_kernel.model import DescribeToolsParams, FoundTools, SearchToolsParams, ToolDefinition
from zcp_kernel.registry import ToolRegistry

from ..compact import ToolIndex, brief, named
from .section import NativeSection

MOST_FOUND = 100
MOST_NAMES = 1000
_MOST_NEAR = 10
_INLINE = 500
"""Tools that are indexed at once; more are in a thread, so that nobody else waits."""


@define(eq=False)
class _Kept:
    version: int = -1
    index: ToolIndex = field(factory=lambda: ToolIndex(()))
    making: anyio.Lock = field(factory=anyio.Lock)


_indexes: WeakKeyDictionary[ToolRegistry, _Kept] = WeakKeyDictionary()


async def index_of(tools: ToolRegistry) -> ToolIndex:
    """The index of a registry's tools, made once for each of its versions."""
    kept = _indexes.setdefault(tools, _Kept())
    if kept.version != tools.version:
        async with kept.making:
            if kept.version != tools.version:
                version = tools.version
                listed = [tool.definition for tool in tools if tool.listing != "unlisted"]
                if len(listed) <= _INLINE:
                    kept.index = ToolIndex(listed)
                else:
                    kept.index = await anyio.to_thread.run_sync(ToolIndex, listed)
                kept.version = version
    return kept.index


async def search_tools(params: SearchToolsParams, ctx: Context) -> FoundTools:
    """`tools/search`: the caller's tools that fit the query best, best first."""
    limit = params.limit
    if limit is None:
        limit = ctx.kernel.config.section(NativeSection).search_limit
    if not 1 <= limit <= MOST_FOUND:
        fault = Fault("limit", "range", f"must be 1 to {MOST_FOUND}")
        raise InvalidParams(f"invalid:limit: {fault.message}", [fault])
    index = await index_of(ctx.kernel.registry.tools)
    found = index.search(params.query, limit, lambda tool: _visible(tool.name, ctx) is not None)
    form = _FORMS.get(params.detail or "brief")
    return FoundTools(found if form is None else [form(tool) for tool in found])


_FORMS: dict[str, Callable[[ToolDefinition], ToolDefinition]] = {"names": named, "brief": brief}


def _visible(name: str, ctx: Context) -> ToolDefinition | None:
    return ctx.kernel.exposure.visible(name, ctx.session.surface, ctx.principal)


async def describe_tools(params: DescribeToolsParams, ctx: Context) -> FoundTools:
    """`tools/describe`: full descriptors. Raises `NotFound` naming all that do not exist for this
    caller, and what they might have been meant to be."""
    if len(params.names) > MOST_NAMES:
        fault = Fault("names", "maxItems", f"at most {MOST_NAMES} names")
        raise InvalidParams(f"invalid:names: {fault.message}", [fault])
    found = {name: _visible(name, ctx) for name in params.names}
    tools = [tool for tool in found.values() if tool is not None]
    if len(tools) < len(found):
        raise await unknown([name for name, tool in found.items() if tool is None], ctx)
    return FoundTools(tools)


async def unknown(names: list[str], ctx: Context) -> NotFound:
    """The error for names that are no tools, with the near ones under `data.near`."""
    error = NotFound("tool", ",".join(names))
    index = await index_of(ctx.kernel.registry.tools)
    near: dict[str, list[str]] = {}
    for name in names[:_MOST_NEAR]:
        found = index.search(name, 3, lambda tool: _visible(tool.name, ctx) is not None)
        if found:
            near[name] = [tool.name for tool in found]
    error.data["near"] = near
    return error
