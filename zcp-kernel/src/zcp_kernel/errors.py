"""Every error of the SDK and its one code table.

`ZCPError` covers what goes over the wire; `SetupError` what is wrong before anything is served.
Codes below -32000 are JSON-RPC 2.0's; our own are positive, outside the ranges JSON-RPC and MCP
reserve (MCP 2026-07-28, basic/index, "Error codes").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from attrs import asdict, frozen

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
FORBIDDEN = 403
EXPIRED = 410
DEADLINE_EXCEEDED = 408
MISSING_CAPABILITY = 412
LIMIT_REACHED = 429
CANCELLED = 499
CONNECTION_LOST = 503


class ZCPError(Exception):
    """Base of all errors a peer may see. `data` is any JSON value."""

    code: ClassVar[int] = INTERNAL_ERROR

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class ParseError(ZCPError):
    """The frame is not JSON, or not JSON we accept (NaN, too deep, too long)."""

    code = PARSE_ERROR


class InvalidRequest(ZCPError):
    """The frame is JSON but no JSON-RPC message that is allowed here."""

    code = INVALID_REQUEST


class RevisionRefused(InvalidRequest):
    """The server does not speak the revision it was asked to. `supported` are those it names, empty
    where it names none."""

    def __init__(self, message: str, requested: str, supported: Sequence[str] = ()) -> None:
        self.requested = requested
        self.supported = list(supported)
        super().__init__(message, {"requested": requested, "supported": self.supported})


class MethodNotFound(ZCPError):
    code = METHOD_NOT_FOUND

    def __init__(self, method: str) -> None:
        super().__init__(f"not_found:{method}")


@frozen
class Fault:
    """One thing wrong with a value: where (`a.b[0]`), which rule, and what to do."""

    path: str
    code: str
    message: str


class InvalidParams(ZCPError):
    """Parameters that do not fit; `faults` lists every one found."""

    code = INVALID_PARAMS

    def __init__(self, message: str, faults: list[Fault] | None = None) -> None:
        self.faults = faults or []
        data = {"errors": [asdict(fault) for fault in self.faults]} if self.faults else None
        super().__init__(message, data)


class InvalidArguments(InvalidParams):
    """The arguments of one tool do not fit its input schema."""


class NotFound(ZCPError):
    """No such tool, resource, prompt, task or handle (or none this caller may know of)."""

    code = INVALID_PARAMS

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"not_found:{name}", {"kind": kind, "name": name})
        self.kind = kind
        self.name = name


class Expired(ZCPError):
    code = EXPIRED

    def __init__(self, name: str) -> None:
        super().__init__(f"expired:{name}")


class Forbidden(ZCPError):
    """The principal lacks scopes; `missing` names them all."""

    code = FORBIDDEN

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"forbidden:missing_scopes:{','.join(missing)}", {"scopes": list(missing)})
        self.missing = missing


class MissingCapability(ZCPError):
    """The peer never said it could do what is asked of it."""

    code = MISSING_CAPABILITY

    def __init__(self, capability: str) -> None:
        super().__init__(
            f"missing:{capability}: the peer did not declare this capability",
            {"requiredCapabilities": {capability: {}}},
        )
        self.capability = capability


class DeadlineExceeded(ZCPError):
    code = DEADLINE_EXCEEDED


class LimitReached(ZCPError):
    """Taking this on would exceed what one owner or the server may hold; the message says what."""

    code = LIMIT_REACHED


class TaskCancelled(ZCPError):
    """The task was cancelled: raised to a body that still asks something of its client."""

    code = CANCELLED

    def __init__(self, task_id: str) -> None:
        super().__init__(f"cancelled:{task_id}")


class InternalError(ZCPError):
    """Something broke on our side; the log has the cause under `data.id`."""

    code = INTERNAL_ERROR


class ToolError(ZCPError):
    """Raise it in a handler to answer with a tool error (`isError`) and this message."""


class RemoteError(ZCPError):
    """The peer answered with an error. `code` and `data` are the peer's own."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message, data)
        self.code = code  # type: ignore[misc]


class URLElicitationRequired(RemoteError):
    """The server ran nothing: pages have to be opened first, and the user was not asked, or did not
    agree. `elicitations` are `{mode, url, elicitationId, message}` each (MCP 2025-11-25,
    client/elicitation, "URL Elicitation Required Error")."""

    def __init__(
        self, message: str, refusal: RemoteError, elicitations: Sequence[dict[str, Any]]
    ) -> None:
        super().__init__(refusal.code, message, refusal.data)
        self.elicitations = list(elicitations)


class ConnectionLost(ZCPError):
    """The link ended before the answer came.

    `retryable` says whether the same call may be sent again without the risk of doing it twice.
    """

    code = CONNECTION_LOST

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class SessionLost(ConnectionLost):
    """The server no longer knows the session the call was sent in, so it ran nothing: the session
    is to be opened anew (MCP 2025-11-25, basic/transports, "Session Management")."""


class ExchangeRefused(ConnectionLost):
    """The peer turned one exchange away below the protocol's own errors, as HTTP does by a status.

    `status` is the HTTP status; `error` the JSON-RPC error `{code, message, data?}` in the body if
    there was one that names no request.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        error: dict[str, Any] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, retryable=retryable)
        self.status = status
        self.error = error


class RateLimited(ZCPError):
    """The peer wants fewer requests: it ran nothing. `retry_after` is the wait it asks for in
    seconds, None where it does not say (RFC 9110, section 10.2.3)."""

    code = LIMIT_REACHED
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        data = None if retry_after is None else {"retryAfter": retry_after}
        super().__init__(message, data)
        self.retry_after = retry_after


class InputRequired(ZCPError):
    """The server needs input that this client has no hook for, or asks without end.

    `requests` are its questions by key, each `{method, params}`; `state` is what a retry has to
    bring back (MCP 2026-07-28, basic/patterns/mrtr).
    """

    code = MISSING_CAPABILITY

    def __init__(self, message: str, requests: dict[str, Any], state: str | None = None) -> None:
        super().__init__(message, {"inputRequests": requests})
        self.requests = requests
        self.state = state


class RequestCancelled(ZCPError):
    """The caller gave its own request up; the peer was told."""

    code = CANCELLED

    def __init__(self, method: str) -> None:
        super().__init__(f"cancelled:{method}")


class SetupError(Exception):
    """Base of what stops a program before it serves: the message says what to do."""


class RegistrationError(SetupError):
    """A decorator was given something that cannot work; names the handler's file and line."""


class SchemaRefused(SetupError, ValueError):
    """A JSON Schema that is wrong, too large, or cannot be checked faithfully by this engine.

    `keyword` names the keyword it stumbled over, None when it is the schema as a whole.
    """

    def __init__(self, message: str, keyword: str | None = None) -> None:
        super().__init__(message)
        self.keyword = keyword


class ConfigError(SetupError):
    """A setting nobody knows, or a value that does not fit."""


class PluginError(SetupError):
    """A plugin cannot take part; names plugin, distribution, version and the way out."""


class TaskSupportMismatch(ZCPError):
    """A task-only tool was called without task options, or the other way round (MCP 2025-11-25,
    basic/utilities/tasks, "Tool-level negotiation")."""

    code = METHOD_NOT_FOUND
