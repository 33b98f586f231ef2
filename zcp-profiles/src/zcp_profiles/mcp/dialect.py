"""The MCP dialect: which messages are MCP's, and in which revision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcp_kernel.contracts import Match, Message, Revision
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.jsontext import is_object

from .history import HANDSHAKE, R5, REVISIONS, STATELESS
from .modern import classify
from .revisions import make_revision

NEWEST_HANDSHAKE = HANDSHAKE[-1]


class MCPDialect:
    """Claims the handshake, after which a session knows its revision, and every message of the
    stateless revision.

    A peer that offers a revision which cannot be opened by a handshake is answered with the newest
    that can (2025-11-25, basic/lifecycle, "Version Negotiation").
    """

    name = "mcp"
    revisions = REVISIONS
    stateless = tuple(reversed(STATELESS))

    def classify(self, message: Message, headers: Mapping[str, str] | None) -> Match | None:
        modern = classify(message, headers, make_revision(R5))
        if modern is not None or message.get("method") != "initialize":
            return modern
        params = message.get("params")
        version: Any = None
        if is_object(params):
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
