"""From candidate to plugin object: kernel version, import, hooks, in this order."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy
from attrs import frozen

from ... import __version__
from ...errors import PluginError
from .candidates import Candidate
from .inspection import read_hooks
from .kernel_version import KERNEL, admits, kernel_lines, specifier
from .report import PluginReport


@frozen
class Admitted:
    """A plugin that passed every check."""

    candidate: Candidate
    plugin: object
    hooks: tuple[str, ...]


def admit(manager: pluggy.PluginManager, candidate: Candidate) -> Admitted:
    """The plugin behind `candidate`. Raises `PluginError`; nothing is registered here."""
    if candidate.requires is not None:
        _check_kernel(candidate, candidate.requires)
    plugin = _imported(candidate)
    try:
        hooks = read_hooks(manager, plugin)
    except ValueError as error:
        raise candidate.refuse(str(error)) from None
    return Admitted(candidate, plugin, tuple(hooks))


def refuse_twins(candidates: Sequence[Candidate]) -> None:
    """Raises `PluginError` when two candidates that take part have one name."""
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        other = seen.setdefault(candidate.name, candidate)
        if other is not candidate:
            raise candidate.refuse(
                f"its name is already taken by {other.title}",
                "give one of them another name" if candidate.distribution is None else None,
            )


def reported(manager: pluggy.PluginManager, candidate: Candidate) -> PluginReport:
    """What there is to say about a candidate; its code is imported unless it is disabled."""
    requires = _requirement(candidate)
    known = (candidate.name, candidate.distribution, candidate.version, requires)
    if candidate.disabled:
        return PluginReport(*known, "disabled")
    try:
        return PluginReport(*known, "ok", admit(manager, candidate).hooks)
    except PluginError as error:
        return PluginReport(*known, "broken", problem=str(error))


def _requirement(candidate: Candidate) -> str | None:
    try:
        return ", ".join(map(specifier, kernel_lines(candidate.requires or ()))) or None
    except ValueError:
        return None


def _check_kernel(candidate: Candidate, requires: Sequence[str]) -> None:
    try:
        lines = kernel_lines(requires)
        refusing = [line for line in lines if not admits(line, __version__)]
    except ValueError as error:
        raise candidate.refuse(f"its metadata has an unreadable requirement: {error}") from None
    if not lines:
        raise candidate.refuse(
            f"its metadata has no 'Requires-Dist: {KERNEL}…' line, so nobody knows which kernels "
            "it works with",
            f'add "{KERNEL}>={__version__},<{_next_major()}" to its dependencies',
        )
    if refusing:
        wanted = specifier(refusing[0])
        raise candidate.refuse(
            f"it needs {KERNEL} {wanted}, this is {KERNEL} {__version__}",
            f'pip install --upgrade "{candidate.distribution}" "{KERNEL}"',
        )


def _next_major() -> int:
    return int(__version__.split(".")[0]) + 1


def _imported(candidate: Candidate) -> object:
    try:
        plugin = candidate.load()
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        raise candidate.refuse(
            f"it cannot be imported: {type(error).__name__}: {error}",
            _reinstall(candidate, missing),
        ) from error
    if plugin is None:
        raise candidate.refuse("its entry point leads to None, not to a module or an object")
    return plugin


def _reinstall(candidate: Candidate, missing: str | None) -> str | None:
    if missing is None or candidate.distribution is None:
        return None
    return f'bring in what is missing: pip install --force-reinstall "{candidate.distribution}"'
