"""An upgrade as it is asked for: what it presents, which subprotocol it gets, how it is refused."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from urllib.parse import parse_qsl

from attrs import frozen
from zcp_kernel.jsontext import dumps
from zcp_kernel.security import Principal

from ..config import WebSocketConfig

__all__ = ["Agreed", "Pairs", "Refusal", "Upgrade", "Visitor", "agree"]

Pairs = Sequence[tuple[bytes, bytes]]
SUBPROTOCOLS: dict[str, tuple[str, ...]] = {"zcp": ("native", "mcp"), "mcp": ("mcp",)}
"""Subprotocol -> the dialects that may be spoken on it: `zcp` is for clients that come back, which
those of MCP may be too."""

TOKEN_PREFIX = "zcp.bearer."
INVALID_REQUEST = -32600


class Refusal(Exception):
    """The upgrade is answered with this HTTP status, these header fields and a message."""

    def __init__(self, status: int, message: str, headers: Pairs = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = [*headers, (b"content-type", b"application/json")]

    @property
    def body(self) -> bytes:
        """A JSON-RPC error that has no id (as HTTP's refusals)."""
        error = {"code": INVALID_REQUEST, "message": self.message}
        return dumps({"jsonrpc": "2.0", "error": error})


@frozen
class Visitor:
    """Whom an upgrade was let in as. `admit(n)` counts n messages for the rate limit: None, or the
    seconds to wait if they are too many."""

    principal: Principal
    admit: Callable[[int], Awaitable[float | None]] | None = None


@frozen
class Upgrade:
    """The request of an opening handshake: `headers` as they came, names in lower case; `address`
    is the one it came to, `peer` the one it came from, None if that has none."""

    headers: Pairs
    path: str
    query: str = ""
    address: str = ""
    peer: str | None = None

    def all(self, name: str) -> list[str]:
        """Every value of a header field."""
        wanted = name.encode()
        return [value.decode("latin-1").strip() for key, value in self.headers if key == wanted]

    @property
    def subprotocols(self) -> list[str]:
        """What the client offers, in its order."""
        listed = ",".join(self.all("sec-websocket-protocol")).split(",")
        return [each.strip() for each in listed if each.strip()]

    def credentials(self, settings: WebSocketConfig) -> list[tuple[bytes, bytes]]:
        """The `authorization` fields for tokens that came where settings allow them to."""
        tokens: list[str] = []
        if settings.token_in_subprotocol:
            tokens += _decoded(self.subprotocols)
        if settings.token_in_query:
            pairs = parse_qsl(self.query, keep_blank_values=True)
            tokens += [value for name, value in pairs if name == settings.token_in_query]
        return [(b"authorization", b"Bearer " + token.encode()) for token in tokens]


def _decoded(offered: Iterable[str]) -> list[str]:
    tokens: list[str] = []
    for each in offered:
        if each.startswith(TOKEN_PREFIX):
            text = each.removeprefix(TOKEN_PREFIX)
            try:
                padded = text + "=" * (-len(text) % 4)
                raw = base64.b64decode(padded, altchars=b"-_", validate=True)
                tokens.append(raw.decode("ascii"))
            except (binascii.Error, UnicodeDecodeError):
                raise Refusal(400, f"{TOKEN_PREFIX}…: the token in base64url") from None
    return tokens


@frozen
class Agreed:
    """The subprotocol chosen, None for none, and the dialects that may be spoken."""

    subprotocol: str | None
    dialects: tuple[str, ...] | None


def agree(offered: Sequence[str], dialects: Collection[str]) -> Agreed:
    """The client's first choice that can be served. Without an offer every dialect may be spoken,
    and the first message shows which. Raises `Refusal` for an offer of unknown ones only."""
    named = [each for each in offered if not each.startswith(TOKEN_PREFIX)]
    known = {
        name: spoken
        for name, each in SUBPROTOCOLS.items()
        if (spoken := tuple(dialect for dialect in each if dialect in dialects))
    }
    for name in named:
        if name in known:
            return Agreed(name, known[name])
    if named:
        raise Refusal(400, f"no such subprotocol; offer {' or '.join(known) or 'none'}")
    return Agreed(None, None)
