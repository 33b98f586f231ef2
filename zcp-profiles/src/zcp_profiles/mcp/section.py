"""The configuration section `mcp`."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen
from attrs.validators import ge


@frozen
class MCPSection:
    """What MCP clients are told about keeping results (2026-07-28, server/utilities/caching)."""

    ttl_ms: int = field(
        default=0,
        validator=ge(0),
        metadata={
            "help": "How long clients may keep lists, the server's description and resources that "
            "say nothing else; 0 is not at all.",
            "unit": "milliseconds",
        },
    )
    cache_scope: Literal["public", "private"] = field(
        default="private",
        metadata={
            "help": "Whether caches may share lists and the server's description between users. "
            "Contents of resources are private unless their handler says otherwise, and so is the "
            "list of tools where it depends on the caller (`[exposure] show_forbidden = false`)."
        },
    )
