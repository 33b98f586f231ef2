"""The everything server over HTTP, as its users run it."""

import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server_process import free_port, server

APPLICATION = "tests.interop.everything_http:application"
SERVERS = ("hypercorn-asyncio", "hypercorn-trio", "uvicorn")
WORKERS = ("hypercorn-asyncio, 4 workers", "hypercorn-trio, 4 workers")
"""Several processes that share a store, on either event loop."""

SOCKETS = ("websocket-asyncio", "websocket-trio")
"""WebSocket alone, on either event loop."""

START_SECONDS = 20


@contextmanager
def served(name: str, folder: Path) -> Iterator[str]:
    """The base URL of a server, which must end well: by the signal, and without having had any
    trouble but what a tool makes on purpose."""
    port = free_port()
    shared = {"EVERYTHING_FOLDER": str(folder)}
    if name in WORKERS:
        shared["ZCP_STORE__URL"] = f"sqlite:///{folder / 'zcp.db'}"
    ready = name not in SOCKETS
    with server(_command(name, port), port, folder, ready=ready, **shared) as running:
        if name in SOCKETS:
            _until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
        code = running.stop()
    errors = running.errors
    assert code in (0, -signal.SIGTERM), f"{name} ended with {code}:\n{errors}"
    assert errors.count("Traceback") == errors.count("ValueError: broken on purpose"), errors


def _until_it_listens(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody listens at {port}")


def _command(name: str, port: int) -> list[str]:
    if name in SOCKETS:
        module = "tests.interop.everything_websocket"
        return [sys.executable, "-m", module, str(port), name.removeprefix("websocket-")]
    if name == "uvicorn":
        options = ["--port", str(port), "--log-level", "warning"]
        return [sys.executable, "-m", "uvicorn", APPLICATION, *options]
    zcp = str(Path(sys.executable).with_name("zcp"))
    loop, _, several = name.removeprefix("hypercorn-").partition(", ")
    options = ["--transport", "http", "--port", str(port), "--loop", loop]
    options += ["--workers", several.partition(" ")[0] or "1"]
    return [zcp, "serve", APPLICATION, *options]
