"""A server process that speaks HTTP on this machine, and single requests to it."""

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .environments import Environment, interpreter

SERVERS = Path(__file__).resolve().parent / "servers"
START_SECONDS = 30.0
UNDER: Mapping[str, tuple[str, ...]] = {
    "uvicorn": ("uvicorn", "--loop", "uvloop", "--http", "httptools", "--log-level", "error",
                "--no-access-log", "--port"),
    "hypercorn uvloop": ("hypercorn", "-k", "uvloop", "--log-level", "error", "-b"),
    "hypercorn asyncio": ("hypercorn", "-k", "asyncio", "--log-level", "error", "-b"),
    "hypercorn trio": ("hypercorn", "-k", "trio", "--log-level", "error", "-b"),
}  # fmt: skip
"""Command lines of what serves, the address last."""


@dataclass(frozen=True)
class Message:
    """A request to a server: where it goes, what it says."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Site:
    """One application under one server, on a port of its own."""

    environment: Environment
    module: str
    under: str
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Raises RuntimeError if it does not answer in time."""
        allow_many_files()
        self.port = _free_port()
        *command, place = UNDER[self.under]
        address = str(self.port) if place == "--port" else f"127.0.0.1:{self.port}"
        self._process = subprocess.Popen(
            [interpreter(self.environment), "-m", *command, place, address,
             f"{self.module}:application"],
            cwd=SERVERS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(SERVERS)},
        )  # fmt: skip
        give_up = time.monotonic() + START_SECONDS
        while not self._listens():
            if time.monotonic() > give_up or self._process.poll() is not None:
                self.stop()
                raise RuntimeError(f"{self.module} did not start under {self.under}")
            time.sleep(0.05)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End the process: a signal, then by force."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def post(self, message: Message) -> tuple[Mapping[str, str], bytes]:
        """One request: header fields (lower case) and body of the answer.

        Raises:
            RuntimeError: it was refused.
        """
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request("POST", message.path, message.body, dict(message.headers))
            answer = link.getresponse()
            body = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{self.module} said {answer.status}: {body[:300]!r}")
            return {name.lower(): value for name, value in answer.getheaders()}, body
        finally:
            link.close()

    def listen(self, path: str, headers: Mapping[str, str]) -> socket.socket:
        """Open an event stream, and return its socket once the server has begun to answer."""
        link = socket.create_connection(("127.0.0.1", self.port), 20)
        lines = [f"GET {path} HTTP/1.1", f"host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        link.sendall("\r\n".join((*lines, "", "")).encode())
        return link


def json_of(body: bytes) -> object:
    """The message of an answer, whether it came as JSON or as an event stream."""
    if body.lstrip().startswith(b"{"):
        return json.loads(body)
    lines = [line[5:] for line in body.split(b"\n") if line.startswith(b"data:")]
    return json.loads([line for line in lines if line.strip()][-1])


def allow_many_files() -> None:
    """As many open files as the system lets us have, here and in what is started from here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
