"""The client's end of a revision that has sessions and no headers: what dialects start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .contracts import Objection, Peer
from .errors import RemoteError
from .model import Capabilities, DiscoverResult, Implementation, InitializeResult

__all__ = ["OTHER_REVISIONS", "SESSION_SIDE", "SessionSide"]

OTHER_REVISIONS = "zcp/revisions"
"""In the `_meta` of a server's description: the names of revisions of other dialects that sessions
can be opened in over the same pipe."""


class SessionSide:
    """Implements `contracts.ClientSide` for a revision whose handshake says everything; dialects
    subclass it for what differs."""

    subscription_key = ""

    def facts(self, peer: Peer) -> Mapping[str, Any]:
        """None: the server remembers its peer."""
        return {}

    def with_tasks(self, capabilities: Capabilities) -> Capabilities:
        """Unchanged: a call says by itself that it wants to be a task."""
        return capabilities

    def session_headers(self) -> Mapping[str, str]:
        return {}

    def request_headers(
        self, method: str, params: Mapping[str, Any] | None, schema: Mapping[str, Any] | None = None
    ) -> Mapping[str, str]:
        return {}

    def tool_fault(self, schema: Mapping[str, Any]) -> str | None:
        return None

    def objection(self, error: RemoteError) -> Objection | None:
        return None

    def introduced(self, version: str, found: DiscoverResult) -> InitializeResult:
        """The description under a name of its own: nothing in it says who the server is."""
        return InitializeResult(
            version, Implementation("unnamed", ""), found.capabilities, found.instructions
        )


SESSION_SIDE = SessionSide()
