"""Several worker processes on one socket, and one that is restarted when its sources change.

The parent opens the socket, hands it down and keeps it: a worker that ends, or is replaced, takes
no waiting connection with it. What runs in a worker is `serve` with one worker.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from attrs import asdict, evolve
from zcp_kernel.errors import SetupError

from . import logs
from .changes import Sources
from .serve import STOPPING, Running, bound
from .targets import application_of

if TYPE_CHECKING:
    from .app import ZCPASGIApp

LOOK_SECONDS = 0.25
QUICK_SECONDS = 3.0
"""A worker that ends sooner than this cannot serve: the parent gives up rather than try for ever."""

MEMORY = "memory"


def serve_workers(running: Running) -> None:
    """Serve in `running.workers` processes. Raises `SetupError`."""
    if not isinstance(running.target, str):
        raise SetupError(
            "several workers, and reloading, need a target each process can import: give "
            "module:attribute or file.py:attribute"
        )
    application = application_of(running.target, running.toml)
    logs.configure(application.settings.log, fallback="console")
    if running.workers > 1:
        refuse_sessions_in_memory(application, running.workers)
    host, port = bound(running, application.settings.http)
    with _listening(host, port) as listener:
        _Parent(running, listener.fileno(), application.settings.http.drain_seconds).run()


def refuse_sessions_in_memory(application: ZCPASGIApp, workers: int) -> None:
    """What lives in one process cannot be found in another. Raises `SetupError` unless what every
    worker needs is shared: the keys, and no sessions."""
    problems: list[str] = []
    if application.settings.streamable.sessions:
        problems.append(
            "sessions live in one process: serve without them "
            "(StreamableHTTPConfig(sessions=False), ZCP_STREAMABLE_HTTP__SESSIONS=false), so that "
            "only the stateless revision is served, or take one worker"
        )
    keys = application.kernel.config.section("keys")
    if keys.ring == MEMORY and not keys.secrets:
        problems.append(
            "what one worker seals no other can open: give all the same secret "
            "(ZCP_KEYS__SECRETS), or take one worker"
        )
    if problems:
        raise SetupError("\n".join([f"{workers} workers cannot serve this:", *problems]))


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
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
        self._spec = json.dumps(asdict(evolve(running, workers=1, reload=False, fd=fd)))
        self._sources = Sources(str(running.target)) if running.reload else None
        self._workers: dict[subprocess.Popen[bytes], float] = {}
        self._told = False

    def run(self) -> None:
        before = {number: signal.signal(number, self._stop) for number in STOPPING}
        try:
            self._fill()
            while not self._told:
                time.sleep(LOOK_SECONDS)
                self._look_after()
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._told = True

    def _fill(self) -> None:
        while len(self._workers) < self._count:
            command = [sys.executable, "-m", "zcp_transport_http.worker", self._spec]
            worker = subprocess.Popen(command, pass_fds=[self._fd], start_new_session=True)
            self._workers[worker] = time.monotonic()

    def _look_after(self) -> None:
        if self._sources is not None and self._sources.changed():
            logs.LOGGER.info("sources changed; starting anew")
            self._end_all()
        for worker, since in list(self._workers.items()):
            code = worker.poll()
            if code is None or self._told:
                continue
            del self._workers[worker]
            if time.monotonic() - since < QUICK_SECONDS and self._sources is None:
                raise SetupError(f"a worker ended with code {code} as soon as it was started")
            logs.LOGGER.warning("worker %d ended with code %d", worker.pid, code)
        if self._sources is None or self._sources.fresh:
            self._fill()

    def _end_all(self) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                os.kill(worker.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._patience
        for worker in self._workers:
            try:
                worker.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self._workers.clear()
