"""Joins what several plugins hand over for one hook; two objects of one name are an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from attrs import fields, frozen, has

from ...errors import PluginError


@frozen
class HookResult:
    """What one plugin's implementation of a hook returned; `source` names plugin and origin."""

    plugin: str
    source: str
    hook: str
    value: Any

    def wrong(self, problem: str) -> PluginError:
        return PluginError(f"{self.source}: {self.hook} {problem}")


def named(results: Iterable[HookResult], contract: type, kind: str) -> list[Any]:
    """The objects of all results in order, each checked against `contract`."""
    merged: list[Any] = []
    owners: dict[str, HookResult] = {}
    for result in results:
        for item in sequence(result, kind):
            check_shape(result, item, contract, kind)
            claim(owners, item.name, result, kind)
            merged.append(item)
    return merged


def sequence(result: HookResult, kind: str) -> list[Any]:
    """The result as a list of objects. Raises `PluginError` for anything else, None included."""
    value = result.value
    if not _is_series(value):
        raise result.wrong(f"returned {_a(value)}, not a sequence of {kind}s (return [] for none)")
    return list(value)


def mapping(result: HookResult, kind: str) -> Mapping[str, Any]:
    """The result as a mapping with string keys."""
    value = result.value
    if _is_mapping(value) and all(isinstance(key, str) for key in value):
        return value
    raise result.wrong(f"returned {_a(value)}, not a mapping of {kind}s (return {{}} for none)")


def _is_series(value: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def claim(owners: dict[str, HookResult], name: str, result: HookResult, kind: str) -> None:
    """Record who brings `name`. Raises `PluginError` naming both when it is taken."""
    if name in owners:
        raise result.wrong(f"brings the {kind} '{name}', already brought by {owners[name].source}")
    owners[name] = result


def check_shape(result: HookResult, item: Any, contract: type, kind: str) -> None:
    """Raises `PluginError` when `item` lacks members of the contract or has no usable name."""
    missing = [member for member in members(contract) if not hasattr(item, member)]
    if missing:
        raise result.wrong(f"gave {_a(item)} as a {kind}; it has no {', '.join(missing)}")
    if not isinstance(item.name, str) or not item.name:
        raise result.wrong(f"gave a {kind} whose name is {item.name!r}, not a non-empty string")


def members(contract: type) -> list[str]:
    """What an object must have to fulfil a contract (an attrs class or a Protocol)."""
    if has(contract):
        return [attribute.name for attribute in fields(contract)]
    methods = [
        name
        for name, value in vars(contract).items()
        if callable(value) or isinstance(value, property)
    ]
    names = [*vars(contract).get("__annotations__", {}), *methods]
    return [name for name in names if not name.startswith("_")]


def _a(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
