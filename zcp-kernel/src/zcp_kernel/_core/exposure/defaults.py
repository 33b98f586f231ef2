"""Which profile a surface shows when its client asks for none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...errors import ConfigError

if TYPE_CHECKING:
    from ...config import ToolExposureConfig
    from ...contracts import ExposureProfile

NATIVE = "native"
"""The surface `default_tool_profile` alone speaks of."""

Chosen = Mapping[str, "str | ExposureProfile"]


def chosen_profiles(
    app_default: str | ExposureProfile | None, app_defaults: Chosen
) -> dict[str, str | ExposureProfile]:
    """Surface -> the profile the app gave it, or the name of one."""
    chosen = dict(app_defaults)
    if app_default is not None:
        chosen.setdefault(NATIVE, app_default)
    return chosen


def profiles_by_name(
    brought: Iterable[ExposureProfile], chosen: Chosen
) -> dict[str, ExposureProfile]:
    """Every profile there is: those plugins brought, and those the app gave itself.

    Raises `ConfigError` for two of one name.
    """
    profiles = {each.name: each for each in brought}
    for surface, profile in chosen.items():
        if isinstance(profile, str):
            continue
        if profiles.setdefault(profile.name, profile) != profile:
            raise ConfigError(
                f"the profile {profile.name!r} of surface {surface!r} is another one than that "
                "which is called so already; give it a name of its own"
            )
    return profiles


def default_profiles(chosen: Chosen, settings: ToolExposureConfig) -> dict[str, str]:
    """Surface -> name of its profile, from the app and the configuration.

    Raises `ConfigError` when the two disagree.
    """
    names = {
        surface: profile if isinstance(profile, str) else profile.name
        for surface, profile in chosen.items()
    }
    configured = dict(settings.default_profiles)
    if settings.default_profile is not None:
        configured.setdefault(NATIVE, settings.default_profile)
    for surface, name in configured.items():
        if names.setdefault(surface, name) != name:
            raise ConfigError(
                f"the app exposes {names[surface]!r} on surface {surface!r} by default, the "
                f"configuration {name!r}; set one of them, or both to the same"
            )
    return names
