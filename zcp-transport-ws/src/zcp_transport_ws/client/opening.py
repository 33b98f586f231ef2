"""Opening a socket to a URL, on whichever event loop runs."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

from attrs import field, frozen
from zcp_kernel.errors import ConfigError, ConnectionLost, ExchangeRefused, ParseError, RateLimited
from zcp_kernel.jsontext import is_object, loads

from ..sockets import Socket

__all__ = ["Opener", "Target", "UpgradeRefused", "open_socket", "refused"]

MIB = 1024 * 1024
MAX_MESSAGE_BYTES = 64 * MIB
OPEN_SECONDS = 30.0
KEEPALIVE_SECONDS = 20.0
RETRYABLE = frozenset({429, 502, 503, 504})
TOO_MANY = 429


class Opener(Protocol):
    """Opens a socket; leaving the context closes it. `headers` are added to the upgrade. Raises
    `ConnectionLost` and its kinds."""

    def __call__(
        self, headers: Mapping[str, str], subprotocols: Sequence[str]
    ) -> AbstractAsyncContextManager[Socket]: ...


class UpgradeRefused(ExchangeRefused):
    """`headers` (lower-case names) and `body` of the refusal, for whoever can get credentials."""

    def __init__(
        self, message: str, *, headers: Mapping[str, str], body: bytes, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.headers = headers
        self.body = body


@frozen
class Target:
    """Where to connect, and what to present. `keepalive_seconds` is the pause between pings, and
    the time the server has to answer one; 0 sends none."""

    url: str
    headers: Mapping[str, str] = field(factory=dict[str, str])
    ssl_context: ssl.SSLContext | None = None
    max_message_bytes: int = MAX_MESSAGE_BYTES
    keepalive_seconds: float = KEEPALIVE_SECONDS
    open_seconds: float = OPEN_SECONDS

    def __attrs_post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise ConfigError(f"{self.url!r} is no WebSocket URL: ws://host:port/path, or wss://…")
        if parts.username is not None:
            raise ConfigError("a WebSocket URL holds no user name; pass the credentials as `auth`")

    @property
    def origin(self) -> str:
        """The URL without what may be secret in its query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"


@asynccontextmanager
async def open_socket(
    target: Target, headers: Mapping[str, str], subprotocols: Sequence[str]
) -> AsyncGenerator[Socket]:
    """A socket to `target`. Raises `ConnectionLost`: `ExchangeRefused` with the status if the
    server refused the upgrade, and `RateLimited`."""
    if _on_trio():
        from .on_trio import connected
    else:
        from .on_asyncio import connected
    async with connected(target, {**target.headers, **headers}, list(subprotocols)) as socket:
        yield socket


def unreachable(target: Target, error: Exception) -> ConnectionLost:
    """What the caller is told when there is nobody there."""
    said = "no answer in time" if isinstance(error, TimeoutError) else str(error)
    lost = ConnectionLost(f"{target.origin} cannot be reached: {said or type(error).__name__}")
    lost.__cause__ = error
    return lost


def refused(where: str, status: int, headers: Mapping[str, str], body: bytes) -> Exception:
    """What the caller is told when the upgrade was refused with a status."""
    try:
        message = loads(body) if body else None
    except ParseError:
        message = None
    error = message.get("error") if is_object(message) else None
    said = error.get("message") if is_object(error) else None
    text = f"{where} refused the upgrade with HTTP {status}: {said or 'no reason given'}"
    if status == TOO_MANY:
        wait = headers.get("retry-after", "")
        return RateLimited(text, retry_after=float(wait) if wait.isdecimal() else None)
    return UpgradeRefused(
        text,
        status=status,
        error=dict(error) if is_object(error) else None,
        retryable=status in RETRYABLE,
        headers=headers,
        body=body,
    )


def _on_trio() -> bool:
    try:
        from trio.lowlevel import current_task

        current_task()
    except RuntimeError:
        return False
    return True
