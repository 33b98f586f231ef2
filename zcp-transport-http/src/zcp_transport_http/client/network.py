"""HTTP over the network, by httpx2.

Rules of this file:
- HTTP/1.1 only: closing a response has to reach the server, for whom that is the cancellation of
  the call, and the library does not reset the streams of HTTP/2.
- No limit on connections: an answer the server waits for must never queue behind the calls that
  wait for the server. Whoever makes calls bounds them.
- No deadline on reading: calls have theirs, and streams may be silent for as long as they like.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from functools import cache, partial
from ipaddress import ip_address
from pathlib import Path
from typing import cast
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
import httpx2
from attrs import frozen

from .http import HTTPResponse, Unreachable
from .lanes import Lanes

__all__ = ["NetworkHTTP", "NetworkOptions", "is_loopback", "network_http"]

log = logging.getLogger("zcp.http")

PROBE_IDLE_SECONDS, PROBE_EVERY_SECONDS, PROBES = 20, 10, 3
"""TCP keep-alive: a host that vanished is noticed after less than a minute."""

UNACKNOWLEDGED_MS = 30_000
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 307, 308})
"""All keep the method: what is sent here makes no sense as another one."""

NO_CONNECTION = (
    httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError,
    httpx2.UnsupportedProtocol, httpx2.LocalProtocolError,
)  # fmt: skip


@frozen
class NetworkOptions:
    """How connections are made. `verify` is what `ssl` needs to trust a server: True for the
    system's certificates, a file or folder of others, a context, or False for anybody; `proxy` is a
    URL, None for what the environment says (never for loopback addresses)."""

    verify: ssl.SSLContext | str | bool = True
    proxy: str | None = None
    connect_seconds: float = 10.0
    write_seconds: float = 30.0


@asynccontextmanager
async def network_http(
    url: str, options: NetworkOptions | None = None
) -> AsyncGenerator[NetworkHTTP]:
    """An `HTTPClient` for the server of `url`; leaving closes its connections."""
    options = options or NetworkOptions()
    trust_env = not is_loopback(url)
    trust = _trust(options.verify)
    proxy = options.proxy or _environment_proxy(url)

    @cache
    def trusted() -> ssl.SSLContext:
        # Reading the system's certificates takes tens of milliseconds: not before one is needed.
        return httpx2.create_ssl_context(trust, trust_env=trust_env)

    def nobody() -> ssl.SSLContext:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def lane(
        context: Callable[[], ssl.SSLContext], limits: httpx2.Limits
    ) -> httpx2.AsyncHTTPTransport:
        return httpx2.AsyncHTTPTransport(
            verify=context(),
            trust_env=trust_env,
            limits=limits,
            proxy=proxy,
            socket_options=_socket_options(),
        )

    timeout = httpx2.Timeout(None, connect=options.connect_seconds, write=options.write_seconds)
    plain, secure = Lanes(partial(lane, nobody)), Lanes(partial(lane, trusted))
    async with httpx2.AsyncClient(
        transport=plain, mounts={"https://": secure}, timeout=timeout
    ) as client:
        yield NetworkHTTP(client)


class NetworkHTTP:
    """Implements `HTTPClient`. Cookies are kept, since balancers pin sessions by them; redirects
    are followed on the same origin alone, since every request carries credentials."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    @asynccontextmanager
    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncGenerator[HTTPResponse]:
        """See `HTTPClient`. Raises `Unreachable` for a redirect to another origin."""
        response = await self._answered(method, url, headers, body)
        chunks = _chunks(response)
        try:
            yield HTTPResponse(response.status_code, dict(response.headers), chunks)
        finally:
            await _abandon(chunks)
            with anyio.CancelScope(shield=True):
                await response.aclose()

    async def _answered(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> httpx2.Response:
        for _ in range(MAX_REDIRECTS):
            response = await self._send(method, url, headers, body)
            target = response.headers.get("location")
            if target is None or response.status_code not in REDIRECTS:
                return response
            await response.aclose()
            url = _redirected(url, urljoin(url, target))
        raise Unreachable(f"{url}: more than {MAX_REDIRECTS} redirects")

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> httpx2.Response:
        if self._client.is_closed:
            raise Unreachable(f"{url}: closed by the client")
        try:
            request = self._client.build_request(
                method, url, headers=_encoded(headers), content=body or None
            )
            return await self._client.send(request, stream=True)
        except NO_CONNECTION as error:
            raise Unreachable(f"{url}: {_told(error)}", refused=_refused(error)) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ConnectionError(f"{url}: {_told(error)}") from error


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


async def _chunks(response: httpx2.Response) -> AsyncGenerator[bytes]:
    try:
        async with aclosing(response.aiter_bytes()) as chunks:
            async for chunk in chunks:
                yield chunk
    except httpx2.HTTPError as error:
        raise ConnectionError(f"{response.url}: {_told(error)}") from error


async def _abandon(chunks: AsyncGenerator[bytes]) -> None:
    """Read no further. By a cancelled read, which ends the library's own generators as well: it
    does not close them all when the outermost is closed."""
    with anyio.CancelScope(shield=True) as scope:
        scope.cancel()
        try:
            async for _ in chunks:
                continue
        except OSError:
            # The connection broke; it is to be closed anyway.
            return


def _trust(verify: ssl.SSLContext | str | bool) -> ssl.SSLContext | bool:
    if not isinstance(verify, str):
        return verify
    if Path(verify).is_dir():
        return ssl.create_default_context(capath=verify)
    return ssl.create_default_context(cafile=verify)


def _told(error: Exception) -> str:
    """What went wrong; the libraries wrap the errors of the system in ones that say less."""
    if _refused(error):
        return "connection refused: nobody listens there"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) or (isinstance(cause, OSError) and cause.errno):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__


def _refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        if isinstance(error, BaseExceptionGroup):
            several = cast("BaseExceptionGroup[BaseException]", error)
            return all(_refused(each) for each in several.exceptions)
        error = error.__cause__ or error.__context__
    return False


def _redirected(url: str, target: str) -> str:
    here, there = urlsplit(url), urlsplit(target)
    upgrade = (here.scheme, there.scheme) == ("http", "https") and not (here.port or there.port)
    same = here.hostname == there.hostname and (
        upgrade or (here.scheme, here.port) == (there.scheme, there.port)
    )
    if not same:
        origin = f"{there.scheme}://{there.netloc}"
        raise Unreachable(
            f"{url} redirects to {origin}, and no request follows to another origin: credentials "
            f"would go there, too. If you trust it, connect to {target}"
        )
    log.debug("%s redirects to %s", url, target)
    return target


def is_loopback(url: str) -> bool:
    """Whether the URL names this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _environment_proxy(url: str) -> str | None:
    parts = urlsplit(url)
    if is_loopback(url) or proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _socket_options() -> list[tuple[int, int, int]]:
    tcp = socket.IPPROTO_TCP
    wanted = {
        "TCP_KEEPIDLE": PROBE_IDLE_SECONDS,
        "TCP_KEEPALIVE": PROBE_IDLE_SECONDS,
        "TCP_KEEPINTVL": PROBE_EVERY_SECONDS,
        "TCP_KEEPCNT": PROBES,
        "TCP_USER_TIMEOUT": UNACKNOWLEDGED_MS,
        "TCP_NODELAY": 1,
    }
    known = [(tcp, getattr(socket, name), n) for name, n in wanted.items() if hasattr(socket, name)]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *known]
