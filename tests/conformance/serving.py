"""The everything-server as a process of its own."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .suite import ROOT

WORKERS = "hypercorn-asyncio, 4 workers"
SERVERS = ("hypercorn-asyncio", "hypercorn-uvloop", "hypercorn-trio", "uvicorn", WORKERS)
START_SECONDS = 60
STOP_SECONDS = 30


@contextmanager
def served(server: str, log: Path) -> Iterator[str]:
    """The URL of a running everything-server, which ends with the block and must end well.

    Raises `RuntimeError` when it does not start or stop, or when its log tells of an incident.
    """
    with log.open("wb") as output:
        process, port = _start(server, output, log.parent)
        try:
            _wait_until_ready(port, process, log)
            yield f"http://localhost:{port}/mcp"
        finally:
            code = _stop(process)
    said = log.read_text(encoding="utf-8")
    if code != 0 or "Traceback" in said:
        raise RuntimeError(f"{server} ended with {code}:\n{said[-4000:]}")


def _start(server: str, output: object, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The socket is made here, so that nobody can take the port in between."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        name = f"{__package__}.everything_server"
        server, _, several = server.partition(", ")
        environ = dict(os.environ)
        if several:
            environ["ZCP_STORE__URL"] = f"sqlite:///{folder / 'zcp.db'}"
        workers = several.partition(" ")[0] or "1"
        listens = ["--fd", str(listening.fileno()), "--workers", workers]
        process = subprocess.Popen(
            [sys.executable, "-m", name, "--server", server, *listens],
            cwd=ROOT, env=environ, pass_fds=[listening.fileno()], stdout=output, stderr=output,
        )  # fmt: skip
    return process, port


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """The socket listens already: the answer comes as soon as there is one."""
    url = f"http://127.0.0.1:{port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=START_SECONDS):
            return
    except OSError as error:
        said = log.read_text(encoding="utf-8")
        raise RuntimeError(f"the server (exit code {process.poll()}) said:\n{said}") from error


def _stop(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return -9
