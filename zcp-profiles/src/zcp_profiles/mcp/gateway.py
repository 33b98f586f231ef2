"""Gateways between MCP and whatever else a session can reach.

`MCPGatewayServer` serves what a session, or a group of them, offers as a server of its own, on
every transport. `MCPGatewayClient` is a session with anybody's MCP server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.codec import PLAIN
from zcp_kernel.connecting import connect
from zcp_kernel.model import Implementation

if TYPE_CHECKING:
    from zcp_kernel.mount import MountTarget

__all__ = ["MCPGatewayClient", "MCPGatewayServer"]


class MCPGatewayServer(FastZCP):
    """An app whose tools, resources, prompts, completions and tasks are those of `target`.

    `target` is what `FastZCP.mount` takes: a session, a `ZCPSessionGroup`, a function that makes a
    session, or a target of `zcp.connect`. Every server entry takes the gateway as it takes any app.
    In front of one server it introduces itself with that server's name card and instructions,
    unless it is given a `name` of its own; in front of a group it is called "gateway".

    Names and URIs stay as they are; where two backends of a group have the same, the later one's is
    listed as `backend.name`. Members nobody here knows, `_meta` and vendor fields pass unchanged
    both ways. `per` and `timeout` are those of `mount`, `options` those of `FastZCP`.
    """

    def __init__(
        self,
        target: MountTarget,
        *,
        name: str | None = None,
        per: Any = "server",
        timeout: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name or "gateway", **options)
        mounted = self.mount(target, per=per, timeout=timeout)
        if name is None and len(mounted.remotes) == 1:
            mounted.on_introduced(self._stand_for)

    def _stand_for(self, server: Mapping[str, Any], instructions: str | None) -> None:
        card = PLAIN.decode(Implementation, dict(server))
        self.name, self.version, self.title = card.name, card.version, card.title
        self.description, self.website_url = card.description, card.website_url
        self.icons = card.icons
        self.instructions = instructions


def MCPGatewayClient(target: Any, **options: Any) -> ZCPClientSession:  # noqa: N802 - the guides' name
    """A session with an MCP server, ours or anybody's, of any revision.

    `target` and `options` are those of `zcp.connect`; MCP is spoken although the server may offer
    more. Raises what `zcp.connect` raises.
    """
    if "revision" not in options:
        options.setdefault("prefer", ["mcp"])
    return connect(target, **options)
