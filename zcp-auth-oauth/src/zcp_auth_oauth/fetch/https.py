"""A GET or POST to a URL whose host was vetted, bounded in time and size.

Rules of this file:
- The address that was vetted is the one connected to: no second look-up in between.
- Redirects are not followed; proxies of the environment are not used.
- Time is bounded as a whole: a server that trickles is cut off, in its headers as in its body.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from attrs import field, frozen

from ..config import safe_url
from .guard import FetchRefused, Resolve, public_only

MOST_BYTES = 65_536
MOST_SECONDS = 5.0
OK = 200


@frozen
class Document:
    """A JSON object that was fetched, and how long its server lets it be kept (seconds)."""

    value: dict[str, Any]
    max_age: float | None = None


@frozen
class Fetcher:
    """Fetches JSON objects. `resolve` vets hosts; `tls` None: what the system trusts."""

    resolve: Resolve = public_only
    tls: ssl.SSLContext | None = None
    most_bytes: int = MOST_BYTES
    most_seconds: float = MOST_SECONDS
    _default_tls: list[ssl.SSLContext] = field(factory=list[ssl.SSLContext], init=False, repr=False)

    def get(self, url: str) -> Document:
        """Raises `FetchRefused`."""
        return self._json(url, "GET", None, {})

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Document:
        """Raises `FetchRefused`."""
        form = {"content-type": "application/x-www-form-urlencoded", **headers}
        return self._json(url, "POST", body, form)

    def _json(
        self, url: str, method: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Document:
        if not safe_url(url.partition("?")[0]) or "#" in url:
            raise FetchRefused(f"{url!r} is no https URL")
        connection = self._connection(url)
        timer = threading.Timer(self.most_seconds, connection.abort)
        timer.daemon = True
        timer.start()
        try:
            parts = urlsplit(url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            fields = {"accept": "application/json", "connection": "close", **headers}
            connection.request(method, target, body, fields)
            response = connection.getresponse()
            if response.status != OK:
                raise FetchRefused(f"{url} answered {response.status}")
            body = response.read(self.most_bytes + 1)
            if len(body) > self.most_bytes:
                raise FetchRefused(f"{url} is longer than {self.most_bytes} bytes")
            return Document(_object(url, body), _age(response))
        except (OSError, http.client.HTTPException) as error:
            raise FetchRefused(f"{url} cannot be fetched: {type(error).__name__}") from None
        finally:
            timer.cancel()
            connection.close()

    def _connection(self, url: str) -> _Pinned:
        parts = urlsplit(url)
        assert parts.hostname is not None
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = self.resolve(parts.hostname, port)[0]
        if secure:
            return _Pinned(parts.hostname, port, address, self._context(), self.most_seconds)
        return _Pinned(parts.hostname, port, address, None, self.most_seconds)

    def _context(self) -> ssl.SSLContext:
        if self.tls is not None:
            return self.tls
        if not self._default_tls:
            self._default_tls.append(ssl.create_default_context())
        return self._default_tls[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, in the name of its host."""

    def __init__(
        self, host: str, port: int, address: str, tls: ssl.SSLContext | None, timeout: float
    ) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        link = socket.create_connection((self._address, self.port), self.timeout)
        try:
            if self._tls is not None:
                link = self._tls.wrap_socket(link, server_hostname=self.host)
        except BaseException:
            link.close()
            raise
        self.sock = link

    def abort(self) -> None:
        """End whatever is under way, from another thread."""
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                # It ended by itself at this moment.
                return


def _object(url: str, body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise FetchRefused(f"{url} is no JSON") from None
    if not isinstance(value, dict):
        raise FetchRefused(f"{url} is no JSON object")
    return cast("dict[str, Any]", value)


def _age(response: http.client.HTTPResponse) -> float | None:
    """What `Cache-Control` says (RFC 9111, section 5.2.2)."""
    for part in (response.getheader("cache-control") or "").lower().split(","):
        name, _, value = part.strip().partition("=")
        if name in ("no-store", "no-cache"):
            return 0.0
        if name == "max-age" and value.strip('"').isdigit():
            return float(value.strip('"'))
    return None
