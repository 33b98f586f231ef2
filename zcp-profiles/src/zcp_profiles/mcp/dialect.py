"""The MCP dialect: which messages are MCP's, and in which revision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcp_kernel.contracts import Match, Message, Revision
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.jsontext import is_object

from .history import HANDSHAKE, REVISIONS
from .revisions import make_revision

NEWEST_HANDSHAKE = HANDSHAKE[-1]

MODERN_META = frozenset(
    {
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientCapabilities",
        "io.modelcontextprotocol/clientInfo",
    }
)
"""Request metadata that marks a message of a stateless revision."""


class MCPDialect:
    """Claims the handshake; afterwards a session knows its revision.

    A peer that offers a revision which cannot be opened by a handshake is answered with the newest
    that can (2025-11-25, basic/lifecycle, "Version Negotiation"). Messages of the stateless
    revision are not claimed.
    """

    name = "mcp"

    def classify(self, message: Message, headers: Mapping[str, str] | None) -> Match | None:
        if message.get("method") != "initialize":
            return None
        params = message.get("params")
        version: Any = None
        if is_object(params):
            if _is_modern(params.get("_meta")):
                return None
            version = params.get("protocolVersion")
        if isinstance(version, str) and "/" in version:
            # "family/number" is how other dialects name their versions; ours are dates.
            return None
        name = version if version in HANDSHAKE else NEWEST_HANDSHAKE
        return Match(make_revision(str(name)), handshake=True)

    def revision(self, name: str | None = None) -> Revision:
        """The revision of this date; None: the newest a session can be opened in."""
        name = NEWEST_HANDSHAKE if name is None else name
        if name not in REVISIONS:
            fault = Fault("protocolVersion", "enum", f"must be one of {', '.join(REVISIONS)}")
            raise InvalidParams(f"invalid: unknown MCP revision {name}", [fault])
        return make_revision(name)


def _is_modern(meta: Any) -> bool:
    return is_object(meta) and not MODERN_META.isdisjoint(meta)
