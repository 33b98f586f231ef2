"""How a protocol recognises its messages and reads and writes them, revision by revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from ..errors import ZCPError
    from ..model import Capabilities, Implementation
    from ..runtime import Kernel
    from .client_sides import ClientSide
    from .operations import Operation

Message = dict[str, Any]
"""One decoded JSON-RPC message."""


@frozen
class Method:
    """How one operation (or notification) travels in one revision of a dialect."""

    method: str
    operation: str
    decode_params: Callable[[Any], Any]
    encode_params: Callable[[Any], Any]
    decode_result: Callable[[Any], Any]
    encode_result: Callable[[Any], Any]


@frozen
class Peer:
    """What a stateless message says about its sender."""

    info: Implementation | None
    capabilities: Capabilities
    log_level: str | None = None


@frozen
class Match:
    """A dialect's claim on a message: the revision to read it with.

    `handshake` marks the message that opens a session in that revision; `peer` is set where the
    message carries its own session facts (stateless revisions); `refusal` is set where the message
    is this dialect's, but cannot be served as it stands.
    """

    revision: Revision
    handshake: bool = False
    peer: Peer | None = None
    refusal: ZCPError | None = None


class Revision(Protocol):
    """One revision of one dialect: immutable, shared by all connections, made lazily.

    `requests` maps a wire method the server answers to its `Method`; `peer_requests` maps an
    operation the server may ask of its client; `notifications` maps a wire method and
    `notices` a notification class to its `Method` (its `operation` is the class name).

    `stateless`: every message carries its own session facts. `replays`: a client is asked by ending
    its call and letting it retry with the answers. `task_mode`: whether a call becomes a task
    because the client "requested" it, because the server "decided" so, or never (None).
    `omits_unknown_id`: an error whose request had no readable id carries none, instead of null.
    `primes_streams`: a client expects every event stream to open with an event that has an id and
    no data, so that it can resume from the very start. `client`: what its client's end does beyond
    shapes.
    """

    @property
    def name(self) -> str: ...

    @property
    def dialect(self) -> str: ...

    @property
    def allows_batch(self) -> bool: ...

    @property
    def stateless(self) -> bool: ...

    @property
    def replays(self) -> bool: ...

    @property
    def omits_unknown_id(self) -> bool: ...

    @property
    def primes_streams(self) -> bool: ...

    @property
    def task_mode(self) -> Literal["requested", "decided"] | None: ...

    @property
    def client(self) -> ClientSide: ...

    @property
    def requests(self) -> Mapping[str, Method]: ...

    @property
    def peer_requests(self) -> Mapping[str, Method]: ...

    @property
    def notifications(self) -> Mapping[str, Method]: ...

    @property
    def notices(self) -> Mapping[type, Method]: ...

    def extend(self, operations: Iterable[Operation]) -> Mapping[str, Method]:
        """`requests` and the methods of these further operations, those this dialect offers."""
        ...

    def result_encoder(self, method: Method, kernel: Kernel) -> Callable[[Any], Any]:
        """How this server encodes results of a method: with what it says in every result. Called
        once per method and server."""
        ...

    def rescue(self, operation: str, error: ZCPError) -> Any | None:
        """A result shape to answer with instead of the error, where this revision wants one."""
        ...

    def error(self, operation: str | None, error: ZCPError) -> dict[str, Any]:
        """The `error` member for this error: `{code, message, data?}`."""
        ...

    def takes_tasks(self, capabilities: Capabilities) -> bool:
        """Whether a client with these capabilities can be answered with a task."""
        ...

    def http_status(self, error: ZCPError | None) -> int:
        """The HTTP status of an answer: None is a result."""
        ...


class Dialect(Protocol):
    """A protocol family: it recognises its messages and hands out its revisions.

    `stateless` names the revisions that know no handshake, newest first.
    """

    @property
    def name(self) -> str: ...

    @property
    def stateless(self) -> Sequence[str]: ...

    def classify(self, message: Message, headers: Mapping[str, str] | None) -> Match | None:
        """This dialect's claim on a message, or None. Must not raise on any JSON object."""
        ...

    def revision(self, name: str | None = None) -> Revision:
        """The revision of this name (None: the newest). Raises `InvalidParams` if unknown."""
        ...
