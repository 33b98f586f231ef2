"""Foreign servers as processes: started at a port, killed, and started there again."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from server_process import Server, free_port, server

from tests.interop.visits.hosts import Host

START_SECONDS = 60


@contextmanager
def hosted(host: Host, transport: str, folder: Path, port: int | None = None) -> Iterator[Server]:
    """The server at a port (a free one unless told), once it listens there."""
    port = port or free_port()
    with server(host.command(transport, port), port, folder, ready=False) as running:
        _until_it_listens(running)
        yield running


def _until_it_listens(running: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert running.process.poll() is None, running.errors
        try:
            socket.create_connection(("127.0.0.1", running.port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody listens at {running.port}:\n{running.errors}")


class Hosting:
    """Every server a test run needs, each started when first asked for."""

    def __init__(self, stack: ExitStack, folder: Callable[[str], Path]) -> None:
        self._stack = stack
        self._folder = folder
        self._running: dict[tuple[Host, str], Server] = {}

    def place(self, host: Host, transport: str) -> str | list[str]:
        """Where to find it: a URL, or on stdio the command that starts one."""
        if transport == "stdio":
            return host.command(transport, 0)
        running = self._running.get((host, transport))
        if running is None:
            folder = self._folder(f"{host.name}-{transport}")
            running = self._stack.enter_context(hosted(host, transport, folder))
            self._running[host, transport] = running
        return host.place(transport, running.port)
