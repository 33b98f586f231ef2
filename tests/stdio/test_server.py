"""How a server ends: within a bounded time, whatever its handlers do, and without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import product

import pytest
from zcp_kernel.config import ServerConfig
from zcp_kernel.errors import ConfigError
from zcp_transport_stdio.config import StdioConfig
from zcp_transport_stdio.server import with_options

from .helpers import (
    PATIENCE,
    call,
    command,
    dies,
    is_alive,
    open_session,
    read,
    read_until,
    started,
)

SIGNALS = [signal.SIGTERM, signal.SIGINT]
STUCK = {"wait": b"waiting", "stuck": b"stuck in a thread", "block": b"blocking the loop"}

LAUNCHER = """
import subprocess, sys, time
server = subprocess.Popen(sys.argv[1:])
print(server.pid, file=sys.stderr, flush=True)
time.sleep(600)
"""


def test_calls_are_answered_and_the_end_of_input_ends_it(anyio_backend: str) -> None:
    with started("app.py", anyio_backend) as server:
        open_session(server)
        call(server, "add", a=1, b=2)
        answer = read(server)
        said, noise = server.communicate(timeout=PATIENCE)
    assert answer["result"]["structuredContent"] == 3
    assert (said, noise, server.returncode) == (b"", b"about to add\n", 0)


def test_a_call_in_flight_is_still_answered_after_the_end_of_input(anyio_backend: str) -> None:
    with started("app.py", anyio_backend) as server:
        open_session(server)
        call(server, "add", a=1, b=2)
        said, _ = server.communicate(timeout=PATIENCE)
    assert b'"structuredContent":3' in said


@pytest.mark.parametrize("signum", SIGNALS, ids=lambda signum: signum.name)
def test_a_signal_ends_an_idle_server_quietly(anyio_backend: str, signum: int) -> None:
    with started("app.py", anyio_backend) as server:
        open_session(server)
        server.send_signal(signum)
        assert server.wait(PATIENCE) == 0
        assert server.stderr is not None
        assert server.stderr.read() == b""


WAYS_TO_END = ["SIGTERM", "SIGINT", "end of input", "reader gone"]
"""A blocked event loop cannot see its input end; a client goes on to SIGTERM then."""


@pytest.mark.parametrize(
    ("tool", "how"),
    [each for each in product(STUCK, WAYS_TO_END) if each != ("block", "end of input")],
)
def test_no_handler_keeps_a_server_alive(anyio_backend: str, tool: str, how: str) -> None:
    with started("app.py", anyio_backend) as server:
        open_session(server)
        call(server, tool)
        assert STUCK[tool] in read_until(server.stderr, STUCK[tool])
        assert server.stdin is not None
        assert server.stdout is not None
        if how == "end of input":
            server.stdin.close()
        elif how == "reader gone":
            server.stdout.close()
        else:
            server.send_signal(signal.Signals[how])
        assert server.wait(PATIENCE) == 0
        assert server.stderr is not None
        assert b"Traceback" not in server.stderr.read()


@pytest.mark.parametrize("signum", SIGNALS, ids=lambda signum: signum.name)
def test_a_signal_that_no_handler_can_hear_of_ends_a_server(signum: int) -> None:
    """As if it came just when the event loop began to wait; trio sees to that itself."""
    with started("app.py", "asyncio") as server:
        open_session(server)
        call(server, "freeze")
        assert b"frozen" in read_until(server.stderr, b"frozen")
        server.send_signal(signum)
        assert server.wait(PATIENCE) == 0


@pytest.mark.parametrize("tool", STUCK)
def test_a_second_signal_cuts_the_wait_short(anyio_backend: str, tool: str) -> None:
    with started("app.py", anyio_backend, "600") as server:
        open_session(server)
        call(server, tool)
        assert STUCK[tool] in read_until(server.stderr, STUCK[tool])
        server.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(0.2)
        # Two that come before the first was seen to are one; one that comes after the end of it all
        # ends the interpreter.
        give_up = time.monotonic() + PATIENCE
        while server.poll() is None and time.monotonic() < give_up:
            server.terminate()
            time.sleep(0.2)
        assert server.poll() in (0, -signal.SIGTERM)


@contextmanager
def launched(anyio_backend: str) -> Generator[tuple[subprocess.Popen[bytes], int]]:
    """A process that starts a server on its own streams and lives on, and the server's id."""
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, *command("app.py", anyio_backend)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert launcher.stderr is not None
    pid = int(launcher.stderr.readline())
    try:
        yield launcher, pid
    finally:
        launcher.kill()
        launcher.wait()
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)
        for stream in (launcher.stdin, launcher.stdout, launcher.stderr):
            if stream is not None:
                stream.close()


@pytest.mark.parametrize("busy", ["", "stuck", "block"])
def test_a_server_whose_parent_vanished_ends_though_its_pipes_are_held(
    anyio_backend: str, busy: str
) -> None:
    with launched(anyio_backend) as (launcher, pid):
        open_session(launcher)
        if busy:
            call(launcher, busy)
            assert STUCK[busy] in read_until(launcher.stderr, STUCK[busy])
        launcher.kill()
        launcher.wait()
        # This test holds the other ends of the server's pipes: only its parent is gone.
        assert dies(pid)


def test_options_come_before_the_configuration() -> None:
    section = ServerConfig({"stdio": StdioConfig(max_line_bytes=5)}).section(StdioConfig)
    assert with_options(section, {"shutdown_seconds": 1}) == StdioConfig(5, shutdown_seconds=1)
    with pytest.raises(ConfigError, match="no such option: shutdown_secs"):
        with_options(section, {"shutdown_secs": 1})
    with pytest.raises(ValueError, match="max_line_bytes"):
        with_options(section, {"max_line_bytes": 0})
