"""Where plugins come from: the entry points of group `zcp`, and objects given by the program.

A candidate knows who it is (plugin, distribution, version) before any of its code is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import Distribution, EntryPoint, entry_points
from types import ModuleType

from attrs import field, frozen

from ...errors import PluginError
from ...hookspecs import ENTRY_POINT_GROUP

DISABLED = "ZCP_PLUGINS_DISABLED"
ONLY = "ZCP_PLUGINS_ONLY"


@frozen
class Candidate:
    """A plugin that may take part. `requires` is None for one that came as an object."""

    name: str
    load: Callable[[], object] = field(repr=False)
    distribution: str | None = None
    version: str | None = None
    requires: Sequence[str] | None = None
    disabled: bool = False

    @property
    def title(self) -> str:
        """Who this is, for a message: plugin, distribution and version."""
        if self.distribution is None:
            return f"plugin '{self.name}' (given by the program)"
        return f"plugin '{self.name}' ({self.distribution} {self.version or 'of unknown version'})"

    @property
    def way_out(self) -> str:
        """How to start without it."""
        if self.distribution is None:
            return "take it out of plugins=[…]"
        return f"start without it: {DISABLED}={self.name}"

    def refuse(self, problem: str, remedy: str | None = None) -> PluginError:
        """The error that says what is wrong with this plugin and what to do."""
        ways = f"{remedy}, or {self.way_out}" if remedy else self.way_out
        return PluginError(f"{self.title}: {problem}\n  Way out: {ways}")


@frozen
class Selection:
    """Which discovered plugins take part: all but `disabled`, or those in `only`."""

    only: frozenset[str] | None
    disabled: frozenset[str]

    @classmethod
    def of(
        cls,
        only: Iterable[str] | None,
        disabled: Iterable[str] | None,
        environ: Mapping[str, str],
    ) -> Selection:
        """The program's lists narrowed by the environment's."""
        allowed = None if only is None else frozenset(only)
        if environ.get(ONLY):
            named = _names(environ[ONLY])
            allowed = named if allowed is None else allowed & named
        return cls(allowed, frozenset(disabled or ()) | _names(environ.get(DISABLED, "")))

    def excludes(self, name: str) -> bool:
        return name in self.disabled or (self.only is not None and name not in self.only)

    def check(self, installed: Sequence[str]) -> None:
        """Raises `PluginError` when `only` names a plugin that is not installed."""
        for name in sorted((self.only or frozenset()) - set(installed)):
            near = get_close_matches(name, installed, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise PluginError(
                f"plugin '{name}' is asked for ({ONLY} or only=…) but no installed distribution "
                f"has an entry point of that name in group '{ENTRY_POINT_GROUP}'{hint}\n"
                f"  Installed: {', '.join(installed) or 'none'}"
            )


def discovered(selection: Selection) -> list[Candidate]:
    """A candidate for each entry point of the group, sorted by name."""
    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    return [_from_entry_point(point, selection) for point in points]


def given(plugin: object) -> Candidate:
    """A candidate for an object handed over by the program."""
    return Candidate(plugin_name(plugin), lambda: plugin)


def plugin_name(plugin: object) -> str:
    """A plugin object's name: its `name`, else its module's or class's."""
    named = getattr(plugin, "name", None)
    if isinstance(named, str):
        return named
    if isinstance(plugin, (ModuleType, type)):
        return plugin.__name__
    return type(plugin).__qualname__


def _from_entry_point(point: EntryPoint, selection: Selection) -> Candidate:
    distribution, version, requires = _identity(point.dist)
    return Candidate(
        point.name,
        point.load,
        distribution,
        version,
        requires,
        selection.excludes(point.name),
    )


def _identity(dist: Distribution | None) -> tuple[str, str | None, Sequence[str]]:
    """Name, version and requirements. A damaged METADATA reads as an unnamed distribution."""
    if dist is None:
        return "unknown distribution", None, ()
    try:
        metadata = dist.metadata
        name, version = metadata["Name"], metadata["Version"]
        return name or "unnamed distribution", version, metadata.get_all("Requires-Dist") or ()
    except (KeyError, TypeError, ValueError, AttributeError, OSError):
        return "distribution without readable metadata", None, ()


def _names(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())
