"""Configuration: named sections, each an attrs class, from keywords, environment and TOML."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from attrs import field, frozen

from ._core.configuration.documented import an_origin, setting
from ._core.configuration.sections import (
    KERNEL_SECTIONS,
    HandlesSection,
    RateLimitConfig,
    ServerSection,
    TasksSection,
    ToolExposureConfig,
    ToolsSection,
)
from ._core.configuration.sources import (
    Given,
    from_environment,
    from_keywords,
    from_toml,
    unknown_section,
)
from .errors import ConfigError

if TYPE_CHECKING:
    from .plugins import PluginHost

Section = TypeVar("Section")


class ConfigSource(Protocol):
    """Settings in another form, such as `zcp.ZCPServerConfig`."""

    def server_config(self, host: PluginHost) -> ServerConfig:
        """These settings, checked against the sections the host's plugins claim. Raises
        `ConfigError`."""
        ...


@frozen
class ServerConfig:
    """The settings of one server: a section object for each name that was given.

    `ServerConfig(sections={"tools": ToolsSection(max_threads=8)})` takes section objects as they
    are; `ServerConfig.load` also reads TOML and the environment.
    """

    sections: Mapping[str, object] = field(factory=dict[str, object])
    classes: Mapping[str, type] = field(factory=lambda: dict(KERNEL_SECTIONS), repr=False)

    def section(self, name: str | type[Section]) -> Any:
        """The section of this name or class; its defaults where nothing was given.

        Raises `ConfigError` for a name nobody claims, naming the near ones.
        """
        if isinstance(name, type):
            given = [one for one in self.sections.values() if type(one) is name]
            return given[0] if given else name()
        if name in self.sections:
            return self.sections[name]
        if name in self.classes:
            return self.classes[name]()
        raise ConfigError(unknown_section(name, self.classes))

    @classmethod
    def load(
        cls,
        host: PluginHost,
        *,
        toml: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
        sections: Mapping[str, object] | None = None,
    ) -> ServerConfig:
        """Decode every source with the section classes the host's plugins claim.

        Precedence, field by field: `sections` (section objects, or mappings of fields) over
        `environ` (`ZCP_SECTION__FIELD`; the process environment if None) over the TOML file over
        the default. A field of a section object that equals its default counts as not given.
        Raises `ConfigError` listing everything wrong: a section nobody claims, an unknown field, a
        value that does not fit; each with the variable or file it stands in.
        """
        classes = host.config_sections()
        given = Given(classes)
        if toml is not None:
            from_toml(given, Path(toml))
        from_environment(given, os.environ if environ is None else environ)
        from_keywords(given, sections or {})
        return cls(given.build(), classes)


__all__ = [
    "KERNEL_SECTIONS",
    "HandlesSection",
    "RateLimitConfig",
    "ServerConfig",
    "ServerSection",
    "TasksSection",
    "ToolExposureConfig",
    "ToolsSection",
    "an_origin",
    "setting",
]
