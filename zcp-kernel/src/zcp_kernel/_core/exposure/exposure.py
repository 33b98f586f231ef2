"""Which tools a client sees, and may call: profiles, groups and stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ...errors import ConfigError, InvalidParams
from ...model import ListToolsParams, ToolDefinition
from .view import RegistryView

if TYPE_CHECKING:
    from ...config import ToolExposureConfig
    from ...contracts import ExposureProfile
    from ...security import Principal
    from ..registry.items import Tool
    from ..registry.registry import ToolRegistry

_KEPT_VIEWS = 128
_KEPT_PERMITS = 32


class Exposure:
    """Views of one registry, kept until it changes."""

    def __init__(
        self,
        tools: ToolRegistry,
        profiles: Mapping[str, ExposureProfile],
        defaults: Mapping[str, str],
        settings: ToolExposureConfig,
    ) -> None:
        for surface, name in defaults.items():
            if name not in profiles:
                raise ConfigError(
                    f"the default profile {name!r} of surface {surface!r} does not exist; known: "
                    f"{', '.join(sorted(profiles)) or 'none'}"
                )
        self._tools = tools
        self._profiles = profiles
        self._defaults = defaults
        self._settings = settings
        self._views: dict[object, RegistryView] = {}
        self._permits: WeakKeyDictionary[RegistryView, dict[Any, RegistryView]]
        self._permits = WeakKeyDictionary()
        self._version = -1

    def shows(self, name: str, surface: str) -> bool:
        """Whether a call of this tool is allowed on this surface, as far as visibility goes."""
        if surface not in self._defaults or not self._settings.enforce_visibility:
            return True
        if self._settings.allow_client_filters or name in self.base(surface).reach:
            return True
        return self._is_unlisted(name)

    def visible(self, name: str, surface: str, principal: Principal) -> ToolDefinition | None:
        """The tool of this name as far as this caller may know of it: to be searched for, and
        described."""
        tool = self._tools.get(name)
        if tool is None or tool.listing == "unlisted" or not self.shows(name, surface):
            return None
        if not self._settings.show_forbidden and principal.lacks(tool.required_scopes):
            return None
        return tool.definition

    def permitted(self, view: RegistryView, principal: Principal) -> RegistryView:
        """The view; where configuration says so, without what this principal could not call."""
        if self._settings.show_forbidden or principal.scopes is None:
            return view
        permits = self._permits.setdefault(view, {})
        found = permits.get(principal.scopes)
        if found is None:
            if len(permits) >= _KEPT_PERMITS:
                permits.pop(next(iter(permits)))
            found = permits[principal.scopes] = self._without_forbidden(view, principal)
        return found

    def _without_forbidden(self, view: RegistryView, principal: Principal) -> RegistryView:
        kept: list[ToolDefinition] = []
        for definition in view.tools:
            tool = self._tools.get(definition.name)
            if tool is not None and not principal.lacks(tool.required_scopes):
                kept.append(definition)
        if len(kept) == len(view):
            return view
        return RegistryView(tuple(kept), view.profile, view.stands_for)

    def base(self, surface: str) -> RegistryView:
        """What a surface shows when the client asks for nothing in particular."""
        profile = self._defaults.get(surface)
        return self._view((surface,), profile, ListToolsParams(profile=profile), None)

    def view(self, request: ListToolsParams, surface: str) -> RegistryView:
        """What a client sees of what it asks for.

        A profile or filter narrows the surface's own view; only `allow_client_filters` lets it
        widen. Raises `InvalidParams` for an unknown profile.
        """
        if request.profile is not None and request.profile not in self._profiles:
            raise InvalidParams(
                f"not_found:{request.profile}: no such profile; known: "
                f"{', '.join(sorted(self._profiles)) or 'none'}"
            )
        wanted = (request.groups, request.exclude_groups, request.stages)
        if request.profile is None and not any(wanted):
            return self.base(surface)
        key = (surface, request.profile, *(tuple(each or ()) for each in wanted))
        within = None if self._settings.allow_client_filters else self.base(surface)
        profile = request.profile or (
            None if self._settings.allow_client_filters else self._defaults.get(surface)
        )
        return self._view(key, profile, request, within)

    def _view(
        self,
        key: object,
        profile: str | None,
        request: ListToolsParams,
        within: RegistryView | None,
    ) -> RegistryView:
        if self._version != self._tools.version:
            self._version = self._tools.version
            self._views.clear()
        view = self._views.get(key)
        if view is None:
            if len(self._views) >= _KEPT_VIEWS:
                self._views.pop(next(iter(self._views)))
            view = self._views[key] = self._select(profile, request, within)
        return view

    def _select(
        self, profile: str | None, request: ListToolsParams, within: RegistryView | None
    ) -> RegistryView:
        offered: list[ToolDefinition] = []
        always: list[ToolDefinition] = []
        for tool in self._tools:
            if tool.listing == "always":
                always.append(tool.definition)
            elif tool.listing == "selected" and _wanted(tool, request):
                offered.append(tool.definition)
        if within is not None:
            offered = [tool for tool in offered if tool.name in within.reach]
        chosen: Iterable[ToolDefinition] = offered
        stands_for: frozenset[str] = frozenset()
        if profile is not None:
            chosen = self._own(self._profiles[profile].select(list(offered), request), offered)
            stands_for = _stood_for(self._profiles[profile], offered, request)
        return RegistryView((*chosen, *always), profile, stands_for)

    def _own(
        self, chosen: Iterable[ToolDefinition], offered: Iterable[ToolDefinition]
    ) -> list[ToolDefinition]:
        """What a profile chose, without what it was not offered: it can only narrow."""
        names = {tool.name for tool in offered}
        return [tool for tool in chosen if tool.name in names or self._is_unlisted(tool.name)]

    def _is_unlisted(self, name: str) -> bool:
        tool = self._tools.get(name)
        return tool is not None and tool.listing == "unlisted"


def _wanted(tool: Tool, request: ListToolsParams) -> bool:
    return (
        _tagged(tool.groups, request.groups)
        and not (tool.groups & set(request.exclude_groups or ()))
        and _tagged(tool.stages, request.stages)
    )


def _stood_for(
    profile: ExposureProfile, tools: Sequence[ToolDefinition], request: ListToolsParams
) -> frozenset[str]:
    stands_for = getattr(profile, "stands_for", None)
    if stands_for is None:
        return frozenset()
    return frozenset(tool.name for tool in stands_for(list(tools), request))


def _tagged(tags: frozenset[str], wanted: Sequence[str] | None) -> bool:
    return not wanted or not tags.isdisjoint(wanted)
