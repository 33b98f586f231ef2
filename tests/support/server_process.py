"""A server in a process of its own, and plain HTTP to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field

BOTH = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
PATIENCE = 20.0
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@define
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> Any:
        """The one message, plain or the last of an event stream."""
        text = self.body
        if b"data: " in text:
            text = text.split(b"data: ")[-1].split(b"\n")[0]
        return json.loads(text)

    @property
    def value(self) -> Any:
        """The structured value, or the text, of a tool's result."""
        result = self.message["result"]
        return result.get("value", result.get("structuredContent", result))


@define
class Server:
    """A running server; `log` is the file its standard error goes to."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    tls: ssl.SSLContext | None = None
    ids: int = field(default=0, init=False)

    @property
    def errors(self) -> str:
        return self.log.read_text("utf-8")

    def connect(self) -> http.client.HTTPConnection:
        if self.tls is not None:
            return http.client.HTTPSConnection(
                "localhost", self.port, timeout=PATIENCE, context=self.tls
            )
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = self.connect()
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read())
        finally:
            connection.close()

    def post(self, message: Any, path: str = "/zcp", **headers: str) -> Answer:
        return self.request("POST", path, json.dumps(message).encode(), {**BOTH, **headers})

    def call_message(self, tool: str, **arguments: Any) -> Any:
        self.ids += 1
        params = {"name": tool, "arguments": arguments}
        return {"jsonrpc": "2.0", "id": self.ids, "method": "tools/call", "params": params}

    def call(self, tool: str, **arguments: Any) -> Answer:
        """A call on the native plane, without a session."""
        return self.post(self.call_message(tool, **arguments))

    def initialize(self, version: str = "2025-11-25") -> Answer:
        params = {
            "protocolVersion": version, "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }  # fmt: skip
        message = {"jsonrpc": "2.0", "id": "init", "method": "initialize", "params": params}
        return self.post(message, "/mcp")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.errors
            try:
                if self.request("GET", "/readyz").status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"not ready:\n{self.errors}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def server(
    command: list[str],
    port: int,
    folder: Path,
    *,
    ready: bool = True,
    tls: ssl.SSLContext | None = None,
    cwd: Path = ROOT,
    **environ: str,
) -> Generator[Server]:
    """Run a command that serves at `port`; it is ended by its id whatever happens."""
    log = folder / f"server-{port}.log"
    known = {name: value for name, value in os.environ.items() if not name.startswith("ZCP_")}
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, env={**known, **environ}, stdout=errors, stderr=errors, cwd=cwd
        )
    running = Server(process, port, log, tls)
    try:
        if ready:
            running.wait_until_ready()
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def serving(target: str, **options: Any) -> list[str]:
    """The command that runs `serve(target, **options)`."""
    code = f"from zcp_transport_http.serve import serve; serve({target!r}, **{options!r})"
    return [sys.executable, "-c", code]
