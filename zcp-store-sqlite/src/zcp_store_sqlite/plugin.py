"""Hook implementations of the SQLite store; they import when called, so discovery is cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .config import StoreConfig

    return {"store": StoreConfig}


@hookimpl
def zcp_commands(group: Any) -> None:
    from .commands.group import store_group

    group.add_command(store_group())


@hookimpl
def zcp_stores(config: ServerConfig) -> Sequence[Any]:
    from .config import StoreConfig

    settings = config.section(StoreConfig)
    if settings.url is None:
        return []
    from .stores import stores

    return stores(settings, config)
