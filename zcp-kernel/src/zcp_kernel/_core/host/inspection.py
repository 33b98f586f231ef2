"""Reads the hook implementations of a plugin and refuses what could never be called as meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

import pluggy

from ... import hookspecs
from ...hookspecs import PHASES

SPECS: dict[str, tuple[str, ...]] = {
    hook: tuple(inspect.signature(getattr(hookspecs, hook)).parameters)
    for hooks in PHASES.values()
    for hook in hooks
}
"""Each hook and the names of its arguments."""

_PREFIX = "zcp_"
_ACTS_AT_ONCE = ("zcp_register", "zcp_commands")


def read_hooks(manager: pluggy.PluginManager, plugin: object) -> list[str]:
    """The hooks `plugin` implements. Raises `ValueError` saying what is wrong with one."""
    return [_checked(manager, plugin, *found) for found in _hooks_of(manager, plugin)]


def _hooks_of(
    manager: pluggy.PluginManager, plugin: object
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """What is named like a hook or marked as one, without running any property of the plugin."""
    for name in dir(plugin):
        static = inspect.getattr_static(plugin, name, None)
        if not (inspect.isroutine(static) or isinstance(static, (staticmethod, classmethod))):
            continue
        function = getattr(plugin, name)
        if name.startswith(_PREFIX) or manager.parse_hookimpl_opts(plugin, name) is not None:
            yield name, function


def _checked(
    manager: pluggy.PluginManager, plugin: object, name: str, function: Callable[..., Any]
) -> str:
    options = manager.parse_hookimpl_opts(plugin, name)
    hook = (options and options.get("specname")) or name
    if hook not in SPECS:
        raise ValueError(_unknown(hook))
    if options is None:
        raise ValueError(f"{hook} is not marked with @hookimpl, so it would never be called")
    if options.get("wrapper") or options.get("hookwrapper"):
        raise ValueError(f"{hook} is a hook wrapper; wrap an operation with a stage instead")
    _check_kind(hook, function)
    _check_arguments(hook, function)
    return hook


def _unknown(name: str) -> str:
    near = get_close_matches(name, SPECS, 1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"the hooks are {', '.join(SPECS)}"
    return f"{name} is no hook; {hint}"


def _check_kind(hook: str, function: Callable[..., Any]) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ValueError(
            f"{hook} is async; hooks are plain functions that hand over objects whose methods "
            "may be async"
        )
    if hook in _ACTS_AT_ONCE and inspect.isgeneratorfunction(function):
        raise ValueError(f"{hook} contains yield, so its body would never run")


def _check_arguments(hook: str, function: Callable[..., Any]) -> None:
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    unknown = [p.name for p in named if p.name not in SPECS[hook] and p.default is p.empty]
    if unknown:
        raise ValueError(
            f"{hook} takes {', '.join(map(repr, unknown))}, which this hook does not pass; "
            f"it passes {_passed(hook)}"
        )
    unfilled = [p.name for p in named if p.name in SPECS[hook] and p.default is not p.empty]
    if unfilled:
        raise ValueError(
            f"{hook} gives {', '.join(map(repr, unfilled))} a default, so pluggy would never "
            "pass it; remove the default"
        )
    keyword = [p.name for p in named if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if keyword:
        raise ValueError(f"{hook} takes {keyword[0]!r} by keyword only; hooks pass by position")


def _passed(hook: str) -> str:
    return ", ".join(SPECS[hook]) or "no arguments"
