"""The fake over HTTP, with a door to be left open, and metadata to be wrong."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import define, field

from .fakes import Fake

TOKEN = "right"
RESOURCE = "/.well-known/oauth-protected-resource/mcp"
SERVER = "/.well-known/oauth-authorization-server"


@define(eq=False)
class Site:
    """What the door does. `admits` says whether an Authorization header is good (None: everybody
    is let in); `documents` are answered to GET by path; the requests after `limit` of one method
    get 429 with `retry_after`, or a broken connection if `breaks`."""

    fake: Fake = field(factory=Fake)
    admits: Callable[[str], bool] | None = None
    refusal: int = 401
    challenge: str | None = "Bearer"
    documents: dict[str, Any] = field(factory=dict[str, Any])
    limit: int | None = None
    limited: int = 1
    retry_after: str | None = "0"
    seen: list[str] = field(factory=list[str])
    url: str = ""


def nothing() -> Callable[[str, dict[str, Any]], Any]:
    async def tell(_: str, __: dict[str, Any]) -> None:
        """A plain JSON response has no room for notifications."""

    return tell


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: Site

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news."""

    def do_GET(self) -> None:
        document = self.site.documents.get(self.path)
        if document is None:
            self._answer(405 if self.path == "/mcp" else 404, b"")
        else:
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self._answer(200, body)

    def do_DELETE(self) -> None:
        self._answer(405, b"")

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        site = self.site
        if site.admits is not None and not site.admits(self.headers.get("authorization", "")):
            headers = {"www-authenticate": site.challenge} if site.challenge else {}
            self._answer(site.refusal, b"", **headers)
            return
        if message.get("method") == "ping" and self._is_too_much():
            headers = {"retry-after": site.retry_after} if site.retry_after is not None else {}
            self._answer(429, b"", **headers)
            return
        reply = asyncio.run(site.fake.answer(message, nothing()))
        if reply is None:
            self._answer(202, b"")
        else:
            self._answer(200, json.dumps(reply).encode())

    def _is_too_much(self) -> bool:
        site = self.site
        site.seen.append("ping")
        number = len(site.seen)
        return site.limit is not None and site.limit < number <= site.limit + site.limited

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    """A connection more than fit here waits a second for the next try."""


@contextmanager
def open_site(site: Site) -> Iterator[Site]:
    """Serve it on a port of its own."""
    handler = type("Handler", (_Handler,), {"site": site})
    server = _Server(("127.0.0.1", 0), handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
