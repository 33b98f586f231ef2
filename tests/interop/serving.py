"""The everything server over HTTP, as its users run it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server_process import free_port, server

APPLICATION = "tests.interop.everything_http:application"
SERVERS = ("hypercorn-asyncio", "hypercorn-trio", "uvicorn")


@contextmanager
def served(name: str, folder: Path) -> Iterator[str]:
    """The base URL of a server, which must end well: by the signal, and without having had any
    trouble but what a tool makes on purpose."""
    port = free_port()
    with server(_command(name, port), port, folder) as running:
        yield f"http://127.0.0.1:{port}"
        code = running.stop()
    errors = running.errors
    assert code in (0, -signal.SIGTERM), f"{name} ended with {code}:\n{errors}"
    assert errors.count("Traceback") == errors.count("ValueError: broken on purpose"), errors


def _command(name: str, port: int) -> list[str]:
    if name == "uvicorn":
        options = ["--port", str(port), "--log-level", "warning"]
        return [sys.executable, "-m", "uvicorn", APPLICATION, *options]
    zcp = str(Path(sys.executable).with_name("zcp"))
    loop = name.removeprefix("hypercorn-")
    options = ["--transport", "http", "--port", str(port), "--loop", loop]
    return [zcp, "serve", APPLICATION, *options]
