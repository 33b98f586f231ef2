"""Several worker processes on one socket, and one that is restarted when its sources change.

The parent opens the socket, hands it down and keeps it: a worker that ends, or is replaced, takes
no waiting connection with it. What runs in a worker is `serve` with one worker.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from attrs import asdict, evolve
from zcp_kernel.errors import SetupError

from . import logs
from .changes import Sources
from .cluster.joining import FOLDER, SECRET, shares_sessions
from .serve import STOPPING, Running, bound
from .targets import application_of

if TYPE_CHECKING:
    from .app import ZCPASGIApp

LOOK_SECONDS = 0.25
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
        _Parent(running, listener.fileno(), application.settings.http.drain_seconds).run()


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


class _Parent:
    """Starts workers, starts anew those that end, and ends all of them when it is told to."""

    def __init__(self, running: Running, fd: int, drain_seconds: float) -> None:
        self._fd = fd
        self._count = running.workers
        self._patience = drain_seconds + 5.0
        self._running = evolve(running, workers=1, reload=False, fd=fd)
        self._sources = Sources(str(running.target)) if running.reload else None
        self._workers: dict[subprocess.Popen[bytes], int] = {}
        """Each with what tells whether it serves, see `_start`."""
        self._told = False
        self._renew = False

    def run(self) -> None:
        before = {number: signal.signal(number, self._stop) for number in STOPPING}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._begin_anew)
        try:
            self._fill()
            while not self._told:
                time.sleep(LOOK_SECONDS)
                self._look_after()
                if self._renew:
                    self._renew = False
                    self._renew_all()
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._told = True

    def _begin_anew(self, number: int, frame: FrameType | None) -> None:
        self._renew = True

    def _fill(self) -> None:
        while len(self._workers) < self._count:
            self._start()
        if self._sources is not None:
            self._sources.fresh = False

    def _start(self) -> subprocess.Popen[bytes]:
        """Start a worker, and keep what can be read once it takes requests, or has ended."""
        readable, ready = os.pipe()
        spec = json.dumps(asdict(evolve(self._running, ready_fd=ready)))
        command = [sys.executable, "-m", "zcp_transport_http.worker", spec]
        try:
            # Its standard input ends with this process, however that ends.
            worker = subprocess.Popen(
                command, pass_fds=[self._fd, ready], stdin=subprocess.PIPE, start_new_session=True
            )
        finally:
            os.close(ready)
        self._workers[worker] = readable
        return worker

    def _renew_all(self) -> None:
        """Replace one worker after the other: each old one stops when its successor serves."""
        for old in list(self._workers):
            if self._told:
                return
            select.select([self._workers[self._start()]], [], [], self._patience)
            os.close(self._workers.pop(old))
            _end([old], self._patience)

    def _look_after(self) -> None:
        if self._sources is not None and self._sources.changed():
            logs.LOGGER.info("sources changed; starting anew")
            self._end_all()
        ended = [one for one in self._workers if one.poll() is not None]
        for worker in ended if not self._told else ():
            self._lost(worker, self._workers.pop(worker))
        if not self._told and (self._sources is None or self._sources.fresh):
            self._fill()

    def _lost(self, worker: subprocess.Popen[bytes], readable: int) -> None:
        """Raises `SetupError` for one that never served: neither will the next."""
        code, served = worker.returncode, os.read(readable, 1)
        os.close(readable)
        if worker.stdin is not None:
            worker.stdin.close()
        if self._sources is not None:
            logs.LOGGER.error("the server ended with code %d; waiting for a change", code)
            return
        if not served:
            raise SetupError(f"a worker ended with code {code} as soon as it was started")
        logs.LOGGER.warning("worker %d ended with code %d; starting another", worker.pid, code)

    def _end_all(self) -> None:
        _end([*self._workers], self._patience)
        for readable in self._workers.values():
            os.close(readable)
        self._workers.clear()


def _end(workers: Sequence[subprocess.Popen[bytes]], patience: float) -> None:
    """Tell them to stop, and see that they do."""
    for worker in workers:
        if worker.poll() is None:
            os.kill(worker.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    for worker in workers:
        try:
            worker.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        if worker.stdin is not None:
            worker.stdin.close()
