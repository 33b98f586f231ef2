"""Documents on a loopback server of our own, and what asked for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import define, field


@define
class Published:
    """`documents` maps a path to a JSON value, or to (status, header fields, body)."""

    url: str
    documents: dict[str, Any] = field(factory=dict[str, Any])
    asked: list[tuple[str, dict[str, str], bytes]] = field(factory=list[Any])

    def count(self, path: str) -> int:
        return sum(one == path for one, _, _ in self.asked)


@contextmanager
def published(**documents: Any) -> Generator[Published, None, None]:
    """Serve while the block runs."""
    here = Published("")

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            path = self.path.partition("?")[0]
            here.asked.append((path, {k.lower(): v for k, v in self.headers.items()}, body))
            found = here.documents.get(path)
            if callable(found):
                found = found(body)
            if found is None:
                found = (404, {}, b"{}")
            if not isinstance(found, tuple):
                found = (200, {"content-type": "application/json"}, json.dumps(found).encode())
            status, headers, content = found
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                # Who asked has read enough.
                return

        do_GET = do_POST = _serve  # noqa: N815 - names of http.server

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}"
    here.documents.update(documents)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
