"""Several worker processes on one socket, and one that is restarted when its sources change.

The parent opens the socket, hands it down and keeps it: a worker that ends, or is replaced, takes
no waiting connection with it. What runs in a worker is `serve` with one worker.
"""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zcp_kernel.errors import SetupError

from . import logs
from .cluster.joining import FOLDER, SECRET, shares_sessions
from .serve import Running, bound
from .supervisor import Supervisor
from .targets import application_of

if TYPE_CHECKING:
    from .app import ZCPASGIApp

MEMORY = "memory"

ONE_OF_SEVERAL = {
    "ZCP_STREAMABLE_HTTP__SESSIONS": "false",
    # Results travel whole: a handle would be known to one worker alone.
    "ZCP_TOOLS__INLINE_MAX_BYTES": str(2**62),
}
"""What an application is told that is served by several processes, unless it is told otherwise."""


def serve_workers(running: Running) -> None:
    """Serve in `running.workers` processes. Raises `SetupError`."""
    if not isinstance(running.target, str):
        raise SetupError(
            "several workers, and reloading, need a target each process can import: give "
            "module:attribute or file.py:attribute"
        )
    application = application_of(running.target, running.toml)
    shared = shares_sessions(application.kernel)
    if running.workers > 1 and not shared:
        for variable, value in ONE_OF_SEVERAL.items():
            os.environ.setdefault(variable, value)
        application = application_of(running.target, running.toml)
    logs.configure(application.settings.log, fallback="console")
    if running.workers > 1:
        check_shared(application, running.workers)
    host, port = bound(running, application.settings.http)
    with _listening(running.fd, host, port) as listener, _private_folder(shared):
        Supervisor(running, listener.fileno(), application.settings.http.drain_seconds).run()


@contextmanager
def _private_folder(shared: bool) -> Generator[None]:
    """Where workers that share sessions listen for each other: nobody else gets in."""
    if not shared:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="zcp-workers-") as folder:
        told = {FOLDER: folder, SECRET: secrets.token_urlsafe(32)}
        os.environ.update(told)
        try:
            yield
        finally:
            for variable in told:
                os.environ.pop(variable, None)


def check_shared(application: ZCPASGIApp, workers: int) -> None:
    """What lives in one process cannot be found in another. Raises `SetupError` for an app that
    needs what its workers do not share; says that sessions are refused."""
    problems = [*_not_shared(application)]
    if problems:
        way_out = "or take one worker"
        lines = [
            f"{workers} workers cannot serve this:",
            *(f"- {one}" for one in problems),
            way_out,
        ]
        raise SetupError("\n".join(lines))
    if shares_sessions(application.kernel):
        return
    logs.LOGGER.warning(
        "%d workers share no sessions: clients that need one (MCP before 2026-07-28, HTTP+SSE) are "
        "refused; take one worker to serve them", workers,
    )  # fmt: skip


def _not_shared(application: ZCPASGIApp) -> Iterator[str]:
    kernel = application.kernel
    section = kernel.config.section
    shared = shares_sessions(kernel)
    if application.settings.streamable.sessions and not shared:
        yield (
            "sessions live in one process: create the application with ZCPServerConfig, so that "
            "ZCP_STREAMABLE_HTTP__SESSIONS=false reaches it, or with "
            "StreamableHTTPConfig(sessions=False)"
        )
    if section("keys").ring == MEMORY and not section("keys").secrets and not shared:
        yield (
            "what one worker seals no other can open: give all the same secret in ZCP_KEYS__SECRETS"
        )
    tools = kernel.registry.tools
    tasks = len(kernel.registry.task_kinds) or any(
        tool.task_support != "forbidden" for tool in tools
    )
    if tasks and kernel.tasks.store.name == MEMORY:
        yield "tasks are kept in memory: name a store the workers share in ZCP_TASKS__STORE"
    handles = [tool.definition.name for tool in tools if tool.output_mode == "handle"]
    if handles and kernel.handles.store.name == MEMORY:
        yield (
            f"results of {', '.join(handles)} stay in memory as handles: name a store the workers "
            "share in ZCP_HANDLES__STORE"
        )


@contextmanager
def _listening(fd: int | None, host: str, port: int) -> Generator[socket.socket]:
    if fd is not None:
        with socket.socket(fileno=fd) as given:
            yield given
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(1024)
        listener.set_inheritable(True)
        yield listener
