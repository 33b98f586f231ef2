"""Plugins and objects made on the spot."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

from zcp_kernel._core.host.inspection import SPECS
from zcp_kernel._core.host.merge import members
from zcp_kernel.config import ServerConfig
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.plugins import PluginHost

CONFIG = ServerConfig()


def returning(hook: str, value: Any, name: str = "acme") -> ModuleType:
    """A plugin whose one hook returns `value`."""
    shapes: dict[tuple[str, ...], Any] = {
        (): lambda: value,
        ("config",): lambda config: value,
        ("kernel",): lambda kernel: value,
    }
    plugin = ModuleType(name)
    setattr(plugin, hook, hookimpl(shapes[SPECS[hook]]))
    return plugin


def host_of(*plugins: object) -> PluginHost:
    return PluginHost(plugins, discover=False)


def shaped(contract: type, name: Any, **members_given: Any) -> Any:
    """An object with every member `contract` asks for, and nothing behind it."""
    return SimpleNamespace(**dict.fromkeys(members(contract), ()) | {"name": name} | members_given)
