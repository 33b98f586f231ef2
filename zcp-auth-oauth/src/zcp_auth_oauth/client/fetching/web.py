"""Requests of the authorization flow.

Rules of this file:
- The address that was vetted is the one connected to, in the name of its host.
- Redirects are followed for documents alone, on the same origin, and not often.
- A proxy of the environment is used, as other clients do; it then decides what can be reached.
- Time is bounded as a whole, and so is the size of what is read.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
import httpx2
from attrs import define, field, frozen

from ...config import is_loopback
from ..discovery.urls import origin
from ..errors import FetchFailed
from .reach import Reach

MOST_BYTES = 512 * 1024
MOST_SECONDS = 15.0
MOST_REDIRECTS = 3
OK, SERVER_ERROR = 200, 500
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@frozen
class Reply:
    """An answer as a whole; header fields by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def members(self) -> dict[str, Any] | None:
        """The JSON object in it, None if it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return cast("dict[str, Any]", value) if isinstance(value, dict) else None


@frozen
class WebOptions:
    """How the authorization flow reaches its servers.

    `verify` and `proxy` are as of `zcp_transport_http`'s `NetworkOptions`. `private_networks`: let
    a server on the public internet name an authorization server in a private network. `transport`
    makes what carries the requests; nothing is vetted then.
    """

    verify: ssl.SSLContext | str | bool = True
    proxy: str | None = None
    private_networks: bool = False
    transport: Callable[[], httpx2.AsyncBaseTransport] | None = None


@define(eq=False)
class Web:
    """HTTP for the sake of one server."""

    server: str
    options: WebOptions = field(factory=WebOptions)
    _trusted: list[ssl.SSLContext] = field(factory=list[ssl.SSLContext], init=False, repr=False)

    async def document(self, url: str) -> dict[str, Any] | None:
        """The JSON object at a URL; None if there is none. Raises `FetchFailed`, also when the
        server there is broken: what it would say is not known then."""
        here = url
        for _ in range(MOST_REDIRECTS):
            reply = await self._send("GET", here, {"accept": "application/json"})
            target = reply.headers.get("location")
            if reply.status not in REDIRECTS or target is None:
                break
            here = urljoin(here, target)
            if origin(here) != origin(url):
                return None
        else:
            raise FetchFailed(f"{url}: more than {MOST_REDIRECTS} redirects")
        if reply.status >= SERVER_ERROR:
            raise FetchFailed(f"{url} answered {reply.status}; try again later")
        return reply.members() if reply.status == OK else None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """The answer to a POST. Raises `FetchFailed`."""
        return await self._send("POST", url, {"accept": "application/json", **headers}, body)

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise FetchFailed(f"{url!r} is no URL to fetch")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise FetchFailed(f"{url} is not https: what is sent there could be read", refused=True)
        try:
            with anyio.fail_after(MOST_SECONDS):
                return await self._sent(method, url, headers, body)
        except TimeoutError:
            raise FetchFailed(f"{url} did not answer within {MOST_SECONDS:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ssl.SSLError) as error:
            raise FetchFailed(f"{url} cannot be reached: {_told(error)}") from None

    async def _sent(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        async with httpx2.AsyncClient(
            transport=self._transport(url), timeout=MOST_SECONDS, trust_env=False
        ) as client:
            request = client.build_request(method, url, headers=dict(headers), content=body or None)
            response = await client.send(request, stream=True)
            try:
                told = await _body(response)
            finally:
                await response.aclose()
        return Reply(response.status_code, dict(response.headers), told)

    def _transport(self, url: str) -> httpx2.AsyncBaseTransport:
        if self.options.transport is not None:
            return self.options.transport()
        proxy = self.options.proxy or _environment_proxy(url)
        if proxy is not None:
            return httpx2.AsyncHTTPTransport(verify=self._tls(), proxy=proxy)
        parts = urlsplit(self.server)
        assert parts.hostname is not None
        port = parts.port or _port(parts.scheme)
        return Vetted(Reach(parts.hostname, port, self.options.private_networks), self._tls())

    def _tls(self) -> ssl.SSLContext:
        if not self._trusted:
            verify = self.options.verify
            if isinstance(verify, str):
                verify = ssl.create_default_context(cafile=verify)
            self._trusted.append(httpx2.create_ssl_context(verify))
        return self._trusted[0]


async def _body(response: httpx2.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async with aclosing(response.aiter_bytes()) as chunks:
        async for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                raise FetchFailed(f"{response.url} says more than {MOST_BYTES} bytes")
    return b"".join(parts)


class Vetted(httpx2.AsyncBaseTransport):
    """Connects to addresses within reach."""

    def __init__(self, reach: Reach, tls: ssl.SSLContext) -> None:
        self._reach = reach
        self._inner = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Try each address of the host in turn. Raises `FetchFailed`, and what httpx2 does."""
        url = request.url
        port = url.port or _port(url.scheme)
        addresses = await self._reach.vetted(url.host, port)
        return await self._first(request, addresses)

    async def _first(self, request: httpx2.Request, addresses: Sequence[str]) -> httpx2.Response:
        name, url = request.url.host, request.url
        request.extensions = {**request.extensions, "sni_hostname": name}
        for address in addresses[:-1]:
            request.url = url.copy_with(host=address)
            try:
                return await self._inner.handle_async_request(request)
            except httpx2.ConnectError:
                continue
        request.url = url.copy_with(host=addresses[-1])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _environment_proxy(url: str) -> str | None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _told(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
