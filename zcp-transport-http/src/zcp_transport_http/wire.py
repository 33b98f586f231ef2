"""HTTP as an endpoint sees it: a request whose body was read, and ways to answer it.

An endpoint is `async (request, send) -> None`; `send` is ASGI's (ASGI 3.0, HTTP protocol 2.4).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from attrs import define, field
from zcp_kernel.errors import ZCPError
from zcp_kernel.jsontext import dumps
from zcp_kernel.security import Principal

__all__ = ["Endpoint", "Headers", "Pairs", "Receive", "Request", "Scope", "Send"]
__all__ += ["problem", "respond"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Pairs = Iterable[tuple[bytes, bytes]]
"""Header fields as ASGI has them: lower-case name and value."""

JSON = (b"content-type", b"application/json")
INVALID_REQUEST = -32600
NO_CONTENT = 204


_KNOWN = {
    name.encode(): name
    for name in (
        "accept", "accept-encoding", "accept-language", "authorization", "connection",
        "content-type", "host", "mcp-method", "mcp-name", "mcp-protocol-version",
        "mcp-session-id", "origin", "traceparent", "user-agent", "x-request-id", "x-zcp-session",
    )
}  # fmt: skip
"""Names that come with most requests, which need no decoding."""


class Headers(dict[str, str]):
    """Header fields by lower-case name, each with its first value; `all` has the others.

    Never changed once made: a client sends the same ones with every request, which then share one
    object. `made` is what was made of them, by whoever made it, so that it is made once.
    """

    __slots__ = ("_fields", "made")

    def __init__(self, fields: Pairs = ()) -> None:
        self._fields = list(fields)
        self.made: dict[Any, Any] = {}
        known = _KNOWN.get
        # Backwards, so that of those that repeat the first is set last.
        super().__init__(
            [
                (known(name) or name.decode("latin-1").lower(), value.decode("latin-1").strip())
                for name, value in reversed(self._fields)
            ]
        )

    @property
    def repeats(self) -> bool:
        """Whether any field came more than once."""
        return len(self) != len(self._fields)

    def all(self, name: str) -> list[str]:
        """Every value of this field, in the order they came."""
        if not self.repeats:
            value = self.get(name.lower())
            return [] if value is None else [value]
        wanted = name.lower().encode("latin-1")
        return [
            value.decode("latin-1").strip() for key, value in self._fields if key.lower() == wanted
        ]


class Guards(Protocol):
    """What stands before an endpoint, for what only shows behind it."""

    def challenges(self, request: Request, error: ZCPError) -> Pairs: ...

    async def count(self, request: Request, messages: int) -> None: ...


@define(eq=False)
class Request:
    """One HTTP request.

    `path` is below the application's mount. `body` was read whole, and its size limited, before the
    endpoint is called; it is empty for GET and DELETE. `headers` lack `content-length`, which is
    the body's affair. `receive` gives nothing but the disconnect.
    """

    method: str
    path: str
    headers: Headers
    scope: Scope
    receive: Receive
    principal: Principal
    body: bytes = b""
    guards: Guards | None = None
    _query: dict[str, str] | None = field(default=None, init=False)

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of those that repeat, the first."""
        if self._query is None:
            text: bytes = self.scope.get("query_string", b"")
            pairs = parse_qsl(text.decode("latin-1"), keep_blank_values=True)
            self._query = dict(reversed(pairs))
        return self._query

    def challenges(self, error: ZCPError) -> Pairs:
        """The header fields to send with the answer of an error: what a caller who lacks scopes
        should ask a token for; none for other errors."""
        return () if self.guards is None else self.guards.challenges(self, error)

    async def count(self, messages: int) -> None:
        """Count more messages than this one for the rate limit. Raises `Refused`."""
        if self.guards is not None:
            await self.guards.count(self, messages)

    async def disconnected(self) -> None:
        """Return when the client is gone (or the response complete). For one task at a time."""
        while (await self.receive())["type"] != "http.disconnect":
            continue


Endpoint = Callable[[Request, Send], Awaitable[None]]


async def respond(
    send: Send, status: int, body: bytes = b"", headers: Pairs = (), content: bytes | None = None
) -> None:
    """Answer in one piece. A body is `application/json` unless `content` names another type. A
    client that is gone goes without."""
    fields = list(headers)
    if status != NO_CONTENT:
        fields.append((b"content-length", b"%d" % len(body)))
    if body:
        fields.append(JSON if content is None else (b"content-type", content))
    try:
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": body})
    except OSError:
        # ASGI 2.4: how a server says that nobody reads this any more.
        return


async def problem(
    send: Send,
    status: int,
    message: str,
    *,
    code: int = INVALID_REQUEST,
    headers: Pairs = (),
    **members: Any,
) -> None:
    """Refuse a request: `message` says what is wrong and what would be right, `members` go into
    `data`. The body is a JSON-RPC error without id (MCP, basic/transports: "a JSON-RPC error
    response that has no id")."""
    error: dict[str, Any] = {"code": code, "message": message}
    if members:
        error["data"] = members
    await respond(send, status, dumps({"jsonrpc": "2.0", "error": error}), headers)
