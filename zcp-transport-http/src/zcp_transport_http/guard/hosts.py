"""Which hosts and origins a request may name: the defence against DNS rebinding.

A page on `evil.example` can make its name resolve to this machine; the browser then sends the
page's requests here, with `Host: evil.example` and that `Origin`. So only names known to be ours
are served. Addresses need no list: a browser only names an address the page itself was given.
MCP, basic/transports: "Servers MUST validate the Origin header on all incoming connections … if
present and invalid, servers MUST respond with HTTP 403".
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from ..config import HTTPConfig
from ..wire import Headers, Scope
from .refusal import Refused

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
WILDCARDS = frozenset({"0.0.0.0", "::", ""})


class HostGuard:
    """Checks `Host` and `Origin` of requests.

    A request without `Origin` comes from no page, and one without `Host` from no browser: both
    pass.
    """

    def __init__(self, http: HTTPConfig, cors_origins: tuple[str, ...] = ()) -> None:
        self._patterns = _patterns(http)
        self._any_host = "*" in http.allowed_hosts
        self._origins = {*map(str.lower, (*http.allowed_origins, *cors_origins))}

    def check(self, headers: Headers, scope: Scope) -> None:
        """Raises `Refused`: 403 for a page of a strange origin, 421 for a strange host."""
        server = scope.get("server")
        address = str(server[0]) if server else ""
        if headers.made.get(self) == address:
            return
        host, origin = headers.get("host"), headers.get("origin")
        if len(headers.all("host")) > 1:
            raise Refused(400, "the request names more than one Host")
        if origin is not None and not self._knows_origin(origin.lower(), address):
            raise Refused(403, _origin_advice(origin), origin=origin)
        if host is not None and not self._knows_host(host.lower(), address):
            raise Refused(421, _host_advice(host), host=host)
        headers.made[self] = address

    def _knows_origin(self, origin: str, address: str) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and self._knows_name(host, address)

    def _knows_host(self, host: str, address: str) -> bool:
        return self._any_host or self._knows_name(host, address)

    def _knows_name(self, host: str, address: str) -> bool:
        name, port = split_host(host)
        if name in LOCAL_NAMES or name == address.lower():
            return True
        return any(_fits(name, port, *pattern) for pattern in self._patterns)


def split_host(host: str) -> tuple[str, str]:
    """Name and port (empty if none) of a `Host` value; an IPv6 address without its brackets."""
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name.removesuffix("."), port


def _patterns(http: HTTPConfig) -> list[tuple[str, str]]:
    """Name and port of every host that is ours by configuration."""
    hosts = [host for host in http.allowed_hosts if host != "*"]
    if http.public_url:
        hosts.append(urlsplit(http.public_url).hostname or "")
    elif http.host in WILDCARDS and not http.allowed_hosts:
        hosts += [socket.gethostname(), socket.getfqdn()]
    if http.host not in WILDCARDS:
        hosts.append(f"[{http.host}]" if ":" in http.host else http.host)
    return [split_host(host.lower()) for host in hosts if host]


def _fits(name: str, port: str, pattern: str, pattern_port: str) -> bool:
    if pattern_port and pattern_port != port:
        return False
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and name != pattern[1:]
    return name == pattern


def _host_advice(host: str) -> str:
    name = split_host(host)[0]
    return (
        f"this server does not serve the host {host!r}. If it is meant to, name it: "
        f'HTTPConfig(allowed_hosts=("{name}",)), allowed_hosts in section [http], or '
        f"ZCP_HTTP__ALLOWED_HOSTS={name}; public_url (ZCP_HTTP__PUBLIC_URL) names it too"
    )


def _origin_advice(origin: str) -> str:
    return (
        f"this server takes no calls from pages of the origin {origin!r}. If it is meant to, name "
        f'it: HTTPConfig(allowed_origins=("{origin}",)), allowed_origins in section [http], or '
        f"ZCP_HTTP__ALLOWED_ORIGINS={origin}; for a browser to read the answers, name it in "
        f"ZCP_CORS__ALLOW_ORIGINS as well"
    )
