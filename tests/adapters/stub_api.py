"""A local server that speaks the wire formats of the model APIs, and says what a test tells it to.

It holds every request against the API's own rules: a schema outside the strict subset, a call
without an output or an output without a call is a 400, as from the real one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import define, field

from .stub_rules import refusal
from .stub_shapes import Say, body_of, events_of

Answer = Say | Callable[[dict[str, Any]], Say] | tuple[int, dict[str, Any]]


@define
class StubAPI:
    """`script` is what it answers, one a request; `requests` what it was sent, `paths` where."""

    script: list[Answer]
    requests: list[dict[str, Any]] = field(factory=list)
    paths: list[str] = field(factory=list)
    refused: list[str] = field(factory=list)
    missing: set[str] = field(factory=set)
    url: str = ""
    lock: Any = field(factory=threading.Lock)

    def next(self, path: str, request: dict[str, Any]) -> Say | tuple[int, dict[str, Any]]:
        with self.lock:
            self.paths.append(path)
            if path in self.missing:
                return 404, {"detail": "Not Found"}
            self.requests.append(request)
            problem = refusal(path, request)
            if problem is not None:
                self.refused.append(problem)
                return 400, {"error": {"message": problem, "type": "invalid_request_error"}}
            if not self.script:
                return 400, {"error": {"message": "the script is over", "type": "test"}}
            answer = self.script.pop(0)
        return answer(request) if callable(answer) else answer


class _Handler(BaseHTTPRequestHandler):
    api: StubAPI
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        path = self.path.partition("?")[0]
        answer = self.api.next(path, request)
        if isinstance(answer, tuple):
            self._send(answer[0], "application/json", json.dumps(answer[1]).encode())
        elif request.get("stream"):
            frames = "".join(events_of(path, answer, request)).encode()
            self._send(200, "text/event-stream", frames)
        else:
            body = json.dumps(body_of(path, answer, request)).encode()
            self._send(answer.status, "application/json", body)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what a test needs to know is in `requests`."""


@contextmanager
def stub_api(*script: Answer) -> Iterator[StubAPI]:
    api = StubAPI(list(script))
    handler = type("Handler", (_Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
