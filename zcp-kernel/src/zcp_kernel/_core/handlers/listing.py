"""The lists: paged, in registration order, made and encoded once per registry version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from ...context import Context
from ...errors import InvalidParams
from ...model import (
    ListParams,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsParams,
    ListToolsResult,
)
from ..exchange import Memo
from ..registry.catalogue import Catalogue

_pages: WeakKeyDictionary[Any, dict[Any, Memo]] = WeakKeyDictionary()
"""Pages by what they are pages of: a view, or a catalogue."""


async def tools(params: ListToolsParams, ctx: Context) -> Memo | ListToolsResult:
    """`tools/list`: the view of this surface, narrowed by what the client asks for."""
    exposure = ctx.kernel.exposure
    view = exposure.permitted(exposure.view(params, ctx.session.surface), ctx.principal)

    def page(items: Sequence[Any], cursor: str | None) -> ListToolsResult:
        return ListToolsResult(list(items), cursor, view.profile)

    return _page(view, view.tools, params.cursor, 0, page, ctx)


async def resources(params: ListParams, ctx: Context) -> Memo:
    """`resources/list`."""
    return _catalogue(ctx.kernel.registry.resources, params, ListResourcesResult, ctx)


async def templates(params: ListParams, ctx: Context) -> Memo:
    """`resources/templates/list`."""
    return _catalogue(ctx.kernel.registry.templates, params, ListResourceTemplatesResult, ctx)


async def prompts(params: ListParams, ctx: Context) -> Memo:
    """`prompts/list`."""
    return _catalogue(ctx.kernel.registry.prompts, params, ListPromptsResult, ctx)


def _catalogue(
    catalogue: Catalogue[Any], params: ListParams, result: Callable[..., Any], ctx: Context
) -> Memo:
    descriptors = [item.descriptor for item in catalogue]
    return _page(
        catalogue,
        descriptors,
        params.cursor,
        catalogue.version,
        lambda items, cursor: result(list(items), cursor),
        ctx,
    )


def _page(
    whole: Any,
    items: Sequence[Any],
    cursor: str | None,
    version: int,
    build: Callable[[Sequence[Any], str | None], Any],
    ctx: Context,
) -> Memo:
    size = ctx.kernel.config.section("server").page_size
    start = _offset(cursor, len(items))
    kept = _pages.setdefault(whole, {})
    key = (version, start, size)
    memo = kept.get(key)
    if memo is None:
        for stale in [each for each in kept if each[0] != version]:
            del kept[stale]
        end = start + size
        memo = kept[key] = Memo(build(items[start:end], str(end) if end < len(items) else None))
    return memo


def _offset(cursor: str | None, length: int) -> int:
    """Where a page begins. An empty cursor is a cursor, and none of ours."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise InvalidParams("invalid:cursor: this server never handed out such a cursor")
    return min(int(cursor), length)
