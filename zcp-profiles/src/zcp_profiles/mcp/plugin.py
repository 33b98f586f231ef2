"""Entry point `mcp`: the MCP dialect in all its revisions, and what the stateless one adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.contracts import Dialect, Operation, Stage
    from zcp_kernel.registry import Registry


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .section import MCPSection

    return {"mcp": MCPSection}


@hookimpl(trylast=True)
def zcp_register(registry: Registry, config: ServerConfig) -> None:
    from .registration import refuse_wrong_mirrors

    refuse_wrong_mirrors(registry)


@hookimpl
def zcp_dialects(config: ServerConfig) -> Sequence[Dialect]:
    from .dialect import MCPDialect

    return [MCPDialect()]


@hookimpl
def zcp_operations(config: ServerConfig) -> Sequence[Operation]:
    from .operations import stateless_operations

    return stateless_operations()


@hookimpl
def zcp_stages(config: ServerConfig) -> Sequence[Stage]:
    from zcp_kernel.contracts import Stage

    from .mirrors import MirrorCheck

    return [Stage("mcp-param-headers", MirrorCheck().run, operations=("tools/call",))]


@hookimpl
def zcp_stores(config: ServerConfig) -> Sequence[Any]:
    from .keyring import SecretKeyRing

    return [SecretKeyRing(config.section("keys").secrets)]
