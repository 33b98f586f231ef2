"""The parent of the workers: who ends is replaced, whatever ended it, and nothing that serves is
given up for what does not."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import define
from server_process import Server, free_port, server, serving
from shared_workers import Client, children, until, workers

HELD = """
import time
from pathlib import Path
while Path(__file__).with_name("held").exists():
    time.sleep(0.01)
"""
APP = """
import os
from zcp_kernel.app import FastZCP
app = FastZCP("Mended", version="1")
@app.tool
async def which_process() -> int:
    return os.getpid()
"""
BROKEN = "raise RuntimeError('broken on purpose')\n"
BROKEN_IN_WORKERS = """
import sys
if "zcp_transport_http.worker" in sys.orig_argv:
    raise RuntimeError("broken on purpose")
"""
COUNT = 2


@define
class Site:
    """Workers, and the file they serve."""

    server: Server
    file: Path

    def processes(self) -> set[int]:
        return set(children(self.server.process.pid))

    def kill_one(self) -> int:
        """The oldest."""
        victim = min(self.processes())
        os.kill(victim, signal.SIGKILL)
        return victim

    def answers(self) -> int:
        """The process that answers."""
        process: int = Client(self.server).open().call("which_process")
        return process

    def until_served_by(self, wanted: Callable[[set[int]], bool]) -> None:
        """Wait until there are all workers again, only such as are wanted, and each serves."""
        serving = set[int]()

        def reached() -> bool:
            serving.add(self.answers())
            here = self.processes()
            return len(here) == COUNT and wanted(here) and here <= serving

        until(reached, f"workers that were not wanted, or too few; served by {serving}")

    def says(self, text: str) -> None:
        until(lambda: text in self.server.errors, f"{text!r} is not said")


@contextmanager
def site(folder: Path) -> Generator[Site]:
    file = folder / "served.py"
    file.write_text(HELD + APP, "utf-8")
    with workers(folder, COUNT, f"{file}:app") as one:
        here = Site(one, file)
        here.until_served_by(lambda _: True)
        yield here
        assert one.stop() == 0, one.errors


def test_a_worker_killed_as_it_starts_is_replaced(tmp_path: Path) -> None:
    held = tmp_path / "held"
    with site(tmp_path) as here:
        before = here.processes()
        held.touch()
        here.kill_one()
        until(lambda: bool(here.processes() - before), "nobody is started")
        (starting,) = here.processes() - before
        os.kill(starting, signal.SIGKILL)
        here.says(f"worker {starting} was ended as it started")
        held.unlink()
        here.until_served_by(lambda now: starting not in now)


def test_one_that_cannot_be_started_is_tried_again_while_others_serve(tmp_path: Path) -> None:
    with site(tmp_path) as here:
        here.file.write_text(BROKEN, "utf-8")
        gone = here.kill_one()
        here.says("before it served; starting another in 0.5 s")
        assert here.answers() != gone
        here.file.write_text(APP, "utf-8")
        here.until_served_by(lambda now: gone not in now)


def test_what_cannot_be_started_replaces_nothing(tmp_path: Path) -> None:
    with site(tmp_path) as here:
        before = here.processes()
        here.file.write_text(BROKEN, "utf-8")
        here.server.process.send_signal(signal.SIGHUP)
        here.says("workers cannot be replaced")
        here.until_served_by(lambda now: now == before)
        here.file.write_text(APP, "utf-8")
        here.server.process.send_signal(signal.SIGHUP)
        here.until_served_by(lambda now: not now & before)


def test_a_successor_that_is_killed_is_followed_by_another(tmp_path: Path) -> None:
    held = tmp_path / "held"
    with site(tmp_path) as here:
        before = here.processes()
        held.touch()
        here.server.process.send_signal(signal.SIGHUP)
        until(lambda: bool(here.processes() - before), "nobody is started")
        (starting,) = here.processes() - before
        assert before < here.processes(), "the old ones serve until the new one does"
        os.kill(starting, signal.SIGKILL)
        held.unlink()
        here.until_served_by(lambda now: not now & before)


@pytest.mark.parametrize("count", [2])
def test_what_never_served_ends_the_server(tmp_path: Path, count: int) -> None:
    file, port = tmp_path / "served.py", free_port()
    file.write_text(BROKEN_IN_WORKERS + APP, "utf-8")
    store = f"sqlite:///{tmp_path / 'zcp.db'}"
    command = serving(f"{file}:app", port=port, workers=count)
    with server(command, port, tmp_path, ready=False, ZCP_STORE__URL=store) as one:
        assert one.process.wait(20) != 0
        assert "as soon as it was started" in one.errors
