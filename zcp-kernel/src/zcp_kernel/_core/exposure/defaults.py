"""Which profile a surface shows when its client asks for none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import ConfigError

if TYPE_CHECKING:
    from ...config import ToolExposureConfig

NATIVE = "native"
"""The surface `default_tool_profile` alone speaks of."""


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
