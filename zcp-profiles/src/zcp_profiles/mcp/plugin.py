"""Entry point `mcp`: brings the MCP dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.contracts import Dialect


@hookimpl
def zcp_dialects(config: ServerConfig) -> Sequence[Dialect]:
    from .dialect import MCPDialect

    return [MCPDialect()]
