"""`tools/list` of the native plane: levels of detail, and what changed since."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from attrs import evolve
from zcp_kernel.context import Context
from zcp_kernel.contracts import Handler
from zcp_kernel.model import ListToolsParams, ToolDefinition
from zcp_kernel.registry import RegistryView
from zcp_kernel.runtime import Memo

from ..compact import brief, named
from .references import SURFACE
from .views import Views

LEVELS: Mapping[str, Callable[[ToolDefinition], ToolDefinition]] = {"names": named, "brief": brief}


class Listing:
    """The stage on `tools/list`: answers what the native plane's members ask for."""

    def __init__(self, remembered_views: int) -> None:
        self._views = Views(remembered_views)
        self._levels: WeakKeyDictionary[RegistryView, dict[str, RegistryView]]
        self._levels = WeakKeyDictionary()
        self._pages: WeakKeyDictionary[Memo, dict[tuple[str, bool], Memo]] = WeakKeyDictionary()

    def run(self, params: ListToolsParams, ctx: Context, proceed: Handler) -> Awaitable[Any]:
        if params.known is None and params.detail in (None, "full"):
            if ctx.session.surface == SURFACE and params.cursor is None:
                self._views.show(self._view(params, ctx))
            return proceed(params, ctx)
        return self._list(params, ctx, proceed)

    @staticmethod
    def _view(params: ListToolsParams, ctx: Context) -> RegistryView:
        exposure = ctx.kernel.exposure
        return exposure.permitted(exposure.view(params, ctx.session.surface), ctx.principal)

    async def _list(self, params: ListToolsParams, ctx: Context, proceed: Handler) -> Any:
        detail = params.detail or "full"
        view = self._view(params, ctx)
        if detail in LEVELS:
            view = self._at_level(view, detail)
        if params.known and params.cursor is None:
            change = self._views.since(params.known, view)
            if change is not None:
                return change
        page = await proceed(evolve(params, detail=None, known=None), ctx)
        return self._page(page, detail, view if params.known is not None else None)

    def _at_level(self, view: RegistryView, detail: str) -> RegistryView:
        levels = self._levels.setdefault(view, {})
        if detail not in levels:
            tools = tuple(map(LEVELS[detail], view.tools))
            levels[detail] = RegistryView(tools, view.profile, view.stands_for)
        return levels[detail]

    def _page(self, page: Memo, detail: str, hashed: RegistryView | None) -> Memo:
        """A page of the list as wanted: at a level of detail, with the hash of the whole view."""
        forms = self._pages.setdefault(page, {})
        form = detail, hashed is not None
        if form not in forms:
            result = page.result
            if detail in LEVELS:
                result = evolve(result, tools=[LEVELS[detail](tool) for tool in result.tools])
            if hashed is not None:
                result = evolve(result, hash=self._views.seen(hashed).hash)
            forms[form] = Memo(result)
        return forms[form]
