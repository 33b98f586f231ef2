"""Entry point `native`: the native dialect, and the economies that are its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.contracts import Dialect, Operation, Stage
    from zcp_kernel.registry import Registry


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .section import NativeSection

    return {"native": NativeSection}


@hookimpl(trylast=True)
def zcp_register(registry: Registry, config: ServerConfig) -> None:
    from .helpers import register

    register(registry, config)


@hookimpl
def zcp_dialects(config: ServerConfig) -> Sequence[Dialect]:
    from .dialect import NativeDialect

    return [NativeDialect()]


@hookimpl
def zcp_operations(config: ServerConfig) -> Sequence[Operation]:
    from .operations import native_operations

    return native_operations()


@hookimpl
def zcp_stages(config: ServerConfig) -> Sequence[Stage]:
    from .operations import native_stages

    return native_stages(config)
