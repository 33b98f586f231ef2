"""Which tools a client sees, and may call: profiles, groups and stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import define, field

from ..errors import ConfigError, InvalidParams
from ..model import ListToolsParams, ToolDefinition

if TYPE_CHECKING:
    from ..config import ToolExposureConfig
    from ..contracts import ExposureProfile
    from .registry.registry import ToolRegistry

NATIVE = "native"
"""The surface `default_tool_profile` alone speaks of."""

_KEPT_VIEWS = 128


@define(slots=True, eq=False)
class RegistryView:
    """A selection of a server's tools, in the order to show them.

    `profile` names the profile it came from, if any; the view is of one registry version.
    """

    tools: tuple[ToolDefinition, ...]
    profile: str | None = None
    names: frozenset[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.names = frozenset(tool.name for tool in self.tools)

    def __len__(self) -> int:
        return len(self.tools)


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
        self._version = -1

    def shows(self, name: str, surface: str) -> bool:
        """Whether a call of this tool is allowed on this surface, as far as visibility goes."""
        if surface not in self._defaults or not self._settings.enforce_visibility:
            return True
        return self._settings.allow_client_filters or name in self.base(surface).names

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
        chosen: Iterable[ToolDefinition] = [
            tool.definition
            for tool in self._tools
            if _tagged(tool.groups, request.groups)
            and not (tool.groups & set(request.exclude_groups or ()))
            and _tagged(tool.stages, request.stages)
        ]
        if profile is not None:
            chosen = self._profiles[profile].select(list(chosen), request)
        if within is not None:
            chosen = [tool for tool in chosen if tool.name in within.names]
        return RegistryView(tuple(chosen), profile)


def default_profiles(
    app_default: str | None,
    app_defaults: Mapping[str, str],
    settings: ToolExposureConfig,
) -> dict[str, str]:
    """Surface -> profile, from the app and the configuration.

    Raises `ConfigError` when the two disagree.
    """
    chosen = dict(app_defaults)
    if app_default is not None:
        chosen.setdefault(NATIVE, app_default)
    configured = dict(settings.default_profiles)
    if settings.default_profile is not None:
        configured.setdefault(NATIVE, settings.default_profile)
    for surface, name in configured.items():
        if chosen.setdefault(surface, name) != name:
            raise ConfigError(
                f"the app exposes {chosen[surface]!r} on surface {surface!r} by default, the "
                f"configuration {name!r}; set one of them, or both to the same"
            )
    return chosen


def _tagged(tags: frozenset[str], wanted: Sequence[str] | None) -> bool:
    return not wanted or not tags.isdisjoint(wanted)
