"""The client transports this plugin brings, found by the schemes of URLs."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from zcp_kernel.errors import ConfigError

from .channel import MAX_EXCHANGES, StreamableOptions
from .credentials import authorized
from .either import either_channel
from .legacy import sse_channel
from .network import NetworkOptions, network_http
from .streams import MIN_SILENCE_SECONDS

if TYPE_CHECKING:
    from zcp_kernel.contracts import Authorizer, Channel

__all__ = ["SSETransport", "StreamableHTTPTransport", "check_fields", "checked_url"]

NATIVE_PATH = "/zcp"
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class StreamableHTTPTransport:
    """Implements `zcp_kernel.contracts.Transport`: Streamable HTTP, or HTTP+SSE where a server
    speaks nothing newer."""

    name = "streamable-http"
    schemes: tuple[str, ...] = ("http", "https")

    def __init__(self) -> None:
        self._gone: set[str] = set()

    def prefer(self, target: str) -> Sequence[str]:
        """The native plane for a URL that ends in `/zcp`, MCP for any other."""
        return ("native",) if _path(target).endswith(NATIVE_PATH) else ("mcp",)

    @asynccontextmanager
    async def connect(
        self,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: str | Authorizer | None = None,
        network: NetworkOptions | None = None,
        session_id: str | None = None,
        end_session: bool | None = None,
        max_exchanges: int = MAX_EXCHANGES,
        least_silence_seconds: float = MIN_SILENCE_SECONDS,
    ) -> AsyncGenerator[Channel]:
        """A channel to the URL. `headers` go with every request, and the credentials of `auth`: a
        bearer token or an `Authorizer`; the rest is as in `StreamableOptions`. A session this
        transport has seen to be gone is not joined again, so that the next channel opens its own.

        Raises `ConfigError` for what is no such URL or header field.
        """
        url = checked_url(target)
        joined = None if session_id in self._gone else session_id
        options = StreamableOptions(
            session_id=joined,
            end_session=end_session,
            max_exchanges=max_exchanges,
            least_silence_seconds=least_silence_seconds,
            on_session_gone=None if joined is None else partial(self._gone.add, joined),
        )
        async with network_http(url, network) as http:
            authorizing = authorized(http, url, auth)
            async with either_channel(authorizing, url, check_fields(headers), options) as channel:
                yield channel


class SSETransport:
    """Implements `zcp_kernel.contracts.Transport`: HTTP+SSE of MCP 2024-11-05, for
    `sse+http://…` and `sse+https://…`."""

    name = "sse"
    schemes: tuple[str, ...] = ("sse+http", "sse+https")

    def prefer(self, target: str) -> Sequence[str]:
        """MCP: there is no native plane on this transport."""
        return ("mcp",)

    @asynccontextmanager
    async def connect(
        self,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: str | Authorizer | None = None,
        network: NetworkOptions | None = None,
        least_silence_seconds: float = MIN_SILENCE_SECONDS,
    ) -> AsyncGenerator[Channel]:
        """A channel to the event stream at the URL; options as for `StreamableHTTPTransport`."""
        url = checked_url(target.removeprefix("sse+"))
        async with network_http(url, network) as http:
            authorizing = authorized(http, url, auth)
            async with sse_channel(
                authorizing, url, check_fields(headers), least_silence=least_silence_seconds
            ) as channel:
                yield channel


def _path(target: str) -> str:
    return urlsplit(target).path.rstrip("/")


def checked_url(target: str) -> str:
    """The URL without its fragment. Raises `ConfigError` for one without a host, with a port that
    is none, or with a password, which would end up in logs."""
    try:
        parts = urlsplit(target)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable, parts = None, urlsplit("")
    if not usable:
        raise ConfigError(f"{target!r} is no URL of a server; expected http(s)://host[:port]/path")
    if parts.username is not None:
        raise ConfigError(
            f"{parts.scheme}://{parts.hostname}: no user and password in a URL; give credentials "
            "with auth= or headers="
        )
    return parts._replace(fragment="").geturl()


def check_fields(headers: Mapping[str, str] | None) -> dict[str, Any]:
    """Header fields as they can be sent. Raises `ConfigError` for one that cannot; its value, which
    may be a secret, is not told."""
    fields = dict(headers or {})
    for name, value in fields.items():
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{name!r} is no name of a header field")
        if not _VALUE.fullmatch(value):
            raise ConfigError(f"the header field {name} has a value that cannot be sent")
    return fields
