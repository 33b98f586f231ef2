"""The parent of worker processes: it starts them, and others for those that end.

Rules of this file:
- A worker counts as serving from the moment it says so. One that ends before that is a failed
  start: the first of them ends the server, since the next will fare no better; later ones are tried
  again at growing intervals, for others may still serve.
- Who was killed did not fail: another is started.
- A worker is replaced by one that serves. If there can be none, it stays.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from attrs import asdict, define, evolve, field
from zcp_kernel.errors import SetupError

from . import logs
from .changes import Sources
from .serve import READY, STOPPING, Running

__all__ = ["Supervisor"]

LOOK_SECONDS = 0.25
KILLED = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)
"""Exit codes of processes that others ended."""
LONGEST_PAUSE_SECONDS = 5.0
BEYOND_DRAIN_SECONDS = 5.0


@define(eq=False)
class Worker:
    """A process, and what can be read once it takes requests, or has ended."""

    process: subprocess.Popen[bytes]
    ready: int
    _served: bool = field(default=False, init=False)

    @classmethod
    def start(cls, running: Running) -> Worker:
        """A process that serves as `running` says."""
        readable, ready = os.pipe()
        spec = json.dumps(asdict(evolve(running, ready_fd=ready)))
        command = [sys.executable, "-m", "zcp_transport_http.worker", spec]
        passed = [ready] if running.fd is None else [running.fd, ready]
        try:
            # Its standard input ends with this process, however that ends.
            process = subprocess.Popen(
                command, pass_fds=passed, stdin=subprocess.PIPE, start_new_session=True
            )
        finally:
            os.close(ready)
        return cls(process, readable)

    @property
    def served(self) -> bool:
        """Whether it has said that it takes requests."""
        if not self._served and self.ready >= 0 and select.select([self.ready], [], [], 0)[0]:
            self._served = os.read(self.ready, 1) == READY
        return self._served

    def close(self) -> None:
        """It has ended: let go of what led to it. Once only."""
        ready, self.ready = self.ready, -1
        os.close(ready)
        if self.process.stdin is not None:
            self.process.stdin.close()


class Supervisor:
    """Keeps `running.workers` processes at the listening socket `fd` until it is told to stop."""

    def __init__(self, running: Running, fd: int, drain_seconds: float) -> None:
        self._count = running.workers
        self._patience = drain_seconds + BEYOND_DRAIN_SECONDS
        self._running = evolve(running, workers=1, reload=False, fd=fd)
        self._sources = Sources(str(running.target)) if running.reload else None
        self._workers: list[Worker] = []
        self._aging: list[Worker] = []
        """Those to be replaced, in this order."""
        self._successor: Worker | None = None
        self._leaving: Worker | None = None
        self._leaves_by = 0.0
        self._any_served = False
        self._failures = 0
        self._not_before = 0.0
        self._told = False
        self._renew = False

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises `SetupError` when nothing can be started."""
        before = {number: signal.signal(number, self._stop) for number in STOPPING}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._begin_anew)
        try:
            self._fill()
            while not self._told:
                time.sleep(LOOK_SECONDS)
                self._look_after()
                self._replace()
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._told = True

    def _begin_anew(self, number: int, frame: FrameType | None) -> None:
        self._renew = True

    # -- starting ----------------------------------------------------------------------------------

    def _fill(self) -> None:
        wanted = self._count + (self._successor is not None)
        while len(self._workers) < wanted and time.monotonic() >= self._not_before:
            self._start()
        if self._sources is not None:
            self._sources.fresh = False

    def _start(self) -> Worker:
        worker = Worker.start(self._running)
        self._workers.append(worker)
        return worker

    # -- looking after -----------------------------------------------------------------------------

    def _look_after(self) -> None:
        if self._sources is not None and self._sources.changed():
            logs.LOGGER.info("sources changed; starting anew")
            self._end_all()
        for worker in [one for one in self._workers if one.process.poll() is not None]:
            if not self._told:
                self._lost(worker)
        serving = [worker for worker in self._workers if worker.served]
        self._any_served = self._any_served or bool(serving)
        if len(serving) >= self._count:
            self._failures = 0
        if not self._told and (self._sources is None or self._sources.fresh):
            self._fill()

    def _lost(self, worker: Worker) -> None:
        """Raises `SetupError` for one that failed to start where none ever served."""
        code, served, pid = worker.process.returncode, worker.served, worker.process.pid
        self._workers.remove(worker)
        worker.close()
        self._no_longer_replaces(worker, failed=not served and code not in KILLED)
        if self._sources is not None:
            logs.LOGGER.error("the server ended with code %d; waiting for a change", code)
            return
        if served:
            self._any_served = True
            logs.LOGGER.warning("worker %d ended with code %d; starting another", pid, code)
            return
        if code in KILLED:
            logs.LOGGER.warning("worker %d was ended as it started; starting another", pid)
            return
        if not self._any_served:
            raise SetupError(f"a worker ended with code {code} as soon as it was started")
        pause = min(LOOK_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures = min(self._failures + 1, 16)
        self._not_before = time.monotonic() + pause
        logs.LOGGER.error(
            "worker %d ended with code %d before it served; starting another in %g s",
            pid, code, pause,
        )  # fmt: skip

    # -- replacing ---------------------------------------------------------------------------------

    def _replace(self) -> None:
        """One worker after the other, each once its successor serves."""
        if self._renew:
            self._renew = False
            self._aging = [one for one in self._workers if one is not self._successor]
        if self._leaving is not None:
            self._see_off(self._leaving)
        elif self._successor is not None:
            if self._successor.served:
                self._successor = None
                self._dismiss()
        elif self._aging and not self._told:
            self._successor = self._start()

    def _no_longer_replaces(self, worker: Worker, *, failed: bool) -> None:
        """A worker has ended: it replaces nobody, and nobody need replace it."""
        if worker is self._successor:
            self._successor = None
            if failed:
                self._aging.clear()
                logs.LOGGER.error("workers cannot be replaced: those that serve go on as they are")
        elif worker in self._aging:
            self._aging.remove(worker)
            if not self._aging:
                self._successor = None

    def _dismiss(self) -> None:
        """The oldest may go: another serves in its place."""
        if self._aging:
            self._leaving = self._aging.pop(0)
            self._leaves_by = time.monotonic() + self._patience
            self._workers.remove(self._leaving)
            tell_to_stop(self._leaving)

    def _see_off(self, leaving: Worker) -> None:
        if leaving.process.poll() is not None:
            self._leaving = None
            leaving.close()
        elif time.monotonic() > self._leaves_by:
            leaving.process.kill()

    # -- ending ------------------------------------------------------------------------------------

    def _end_all(self) -> None:
        workers = self._workers if self._leaving is None else [*self._workers, self._leaving]
        self._workers, self._successor, self._leaving = [], None, None
        self._aging.clear()
        end(workers, self._patience)


def tell_to_stop(worker: Worker) -> None:
    """It answers what it has begun, and ends."""
    if worker.process.poll() is None:
        os.kill(worker.process.pid, signal.SIGTERM)


def end(workers: Sequence[Worker], patience: float) -> None:
    """Tell them to stop, and see that they do."""
    for worker in workers:
        tell_to_stop(worker)
    deadline = time.monotonic() + patience
    for worker in workers:
        try:
            worker.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
        worker.close()
