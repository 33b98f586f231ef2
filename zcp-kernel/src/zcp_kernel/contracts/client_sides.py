"""What the client's end of a revision does beyond shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from ..errors import RemoteError
    from ..model import Capabilities, DiscoverResult, InitializeResult
    from .dialects import Peer


@frozen
class Objection:
    """What a server's error tells about the request it refused, beyond that it did.

    `reason`: the "version" is not served (`supported` are those that are, perhaps none named), the
    "headers" do not fit the body, a "capability" was not declared, or the one for "tasks" was not,
    or `pages` have to be opened first, each the parameters of an elicitation.
    """

    reason: Literal["version", "headers", "capability", "tasks", "pages"]
    supported: Sequence[str] = ()
    pages: Sequence[Mapping[str, Any]] = ()


class ClientSide(Protocol):
    """How a client of one revision says who it is, and reads what only a client is told. Immutable,
    shared by all connections.

    `subscription_key` is the member of a notice's `_meta` that names the subscription it belongs
    to; empty where there is no such thing.
    """

    @property
    def subscription_key(self) -> str: ...

    def facts(self, peer: Peer) -> Mapping[str, Any]:
        """What every request says of its sender: members of `_meta`; none in a session."""
        ...

    def with_tasks(self, capabilities: Capabilities) -> Capabilities:
        """The capabilities of a client that can be answered with a task."""
        ...

    def session_headers(self) -> Mapping[str, str]:
        """Header fields, names in lower case, of everything sent once the revision is agreed."""
        ...

    def request_headers(
        self, method: str, params: Mapping[str, Any] | None, schema: Mapping[str, Any] | None = None
    ) -> Mapping[str, str]:
        """Header fields of one request, `schema` being the input schema of the tool it calls."""
        ...

    def tool_fault(self, schema: Mapping[str, Any]) -> str | None:
        """Why a tool of this input schema cannot be called where requests have headers; None if it
        can."""
        ...

    def objection(self, error: RemoteError) -> Objection | None:
        """What the error means if it is one only this revision's servers send, else None."""
        ...

    def introduced(self, version: str, found: DiscoverResult) -> InitializeResult:
        """A server's description as a handshake would have told it."""
        ...
