"""The standard streams of a real server process: nothing but frames, nothing shared altered."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from zcp_transport_stdio.config import StdioConfig

from .helpers import PATIENCE, command, read, read_until, started, write


def test_handlers_and_their_children_cannot_corrupt_the_stream(anyio_backend: str) -> None:
    requests = [{"do": "print"}, {"do": "child"}, {"n": 1}]
    with started("chatty.py", anyio_backend) as server:
        write(server, *requests)
        said, noise = server.communicate(timeout=PATIENCE)
    assert [json.loads(line) for line in said.splitlines()[:3]] == requests
    restored = [b"said by a child after serving", b"printed after serving"]
    assert said.splitlines()[3:] == restored, "standard output is not restored"
    assert noise.splitlines() == [
        b"printed before serving",
        b"printed by a handler",
        b"printed by a child",
    ]
    assert server.returncode == 0


def test_a_print_is_seen_while_the_server_runs(anyio_backend: str) -> None:
    with started("echo.py", anyio_backend) as server:
        write(server, {"do": "print"})
        assert read_until(server.stderr, b"by a handler").endswith(b"printed by a handler\n")


def test_a_handler_that_asks_for_input_gets_none(anyio_backend: str) -> None:
    with started("echo.py", anyio_backend) as server:
        write(server, {"do": "ask"}, {"n": 1})
        assert [read(server), read(server)] == ["no input", {"n": 1}]


def test_a_session_from_a_file_into_a_file(anyio_backend: str, tmp_path: Path) -> None:
    session, answers = tmp_path / "session.jsonl", tmp_path / "answers.jsonl"
    session.write_bytes(b'{"n": 1}\r\n\n{"n": 2}')
    with session.open("rb") as stdin, answers.open("wb") as stdout:
        ended = subprocess.run(
            command("echo.py", anyio_backend),
            stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=PATIENCE, check=True,
        )  # fmt: skip
    assert answers.read_bytes() == b'{"n": 1}\n{"n": 2}\n'
    assert ended.stderr == b""


def test_input_whose_writer_had_gone_before_the_server_looked(anyio_backend: str) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"1\n2\n")
    os.close(writer)
    with started("echo.py", anyio_backend, stdin=reader) as server:
        os.close(reader)
        said, _ = server.communicate(timeout=PATIENCE)
    assert said == b"1\n2\n"


def test_sockets_as_standard_streams(anyio_backend: str) -> None:
    ours, theirs = socket.socketpair()
    with started("echo.py", anyio_backend, stdin=theirs, stdout=theirs) as server, ours:
        with theirs:
            assert theirs.getblocking()
        ours.sendall(b'{"n": 1}\n')
        assert ours.recv(100) == b'{"n": 1}\n'
        ours.shutdown(socket.SHUT_WR)
        assert server.wait(PATIENCE) == 0


def test_a_terminal_as_standard_input_blocks_as_before(anyio_backend: str) -> None:
    master, slave = os.openpty()
    try:
        with started("echo.py", anyio_backend, stdin=slave) as server:
            os.write(master, b'{"n": 1}\n')
            assert read(server) == {"n": 1}
            assert os.get_blocking(slave)
            os.write(master, b"\x04")
            assert server.wait(PATIENCE) == 0
            assert os.get_blocking(slave)
    finally:
        os.close(master)
        os.close(slave)


def test_a_terminal_for_everything(anyio_backend: str) -> None:
    master, slave = os.openpty()
    try:
        streams = {"stdin": slave, "stdout": slave, "stderr": slave}
        with started("echo.py", anyio_backend, **streams) as server:
            os.write(master, b'{"n": 1}\n')
            seen = b""
            while seen.count(b'{"n": 1}') < 2:
                seen += os.read(master, 1000)
            server.terminate()
            server.wait(PATIENCE)
            assert os.get_blocking(slave)
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("how", ["end of input", "SIGTERM", "SIGKILL"])
def test_pipes_shared_with_the_parent_block_as_before(anyio_backend: str, how: str) -> None:
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
    try:
        with started("echo.py", anyio_backend, stdin=their_in, stdout=their_out) as server:
            os.write(our_out, b'{"n": 1}\n')
            assert os.read(our_in, 100) == b'{"n": 1}\n'
            assert os.get_blocking(their_in)
            assert os.get_blocking(their_out)
            if how == "end of input":
                os.close(our_out)
            else:
                server.send_signal(signal.Signals[how])
            server.wait(PATIENCE)
            assert os.get_blocking(their_in)
            assert os.get_blocking(their_out)
    finally:
        for fd in (their_in, our_in, their_out, *([our_out] if how != "end of input" else [])):
            os.close(fd)


@pytest.mark.parametrize("closed", ["input", "output"])
def test_a_closed_standard_stream_is_said_so(anyio_backend: str, closed: str) -> None:
    redirection = "<&-" if closed == "input" else ">&-"
    script = 'exec "$@" ' + redirection
    ended = subprocess.run(
        ["sh", "-c", script, "sh", *command("echo.py", anyio_backend)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert f"standard {closed} is closed; start the server with".encode() in ended.stderr


def test_closed_standard_error_does_not_become_the_stream(anyio_backend: str) -> None:
    script = 'exec "$@" 2>&-'
    ended = subprocess.run(
        ["sh", "-c", script, "sh", *command("echo.py", anyio_backend)],
        input=b'{"do": "child"}\n{"do": "print"}\n', stdout=subprocess.PIPE,
        timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert ended.stdout.splitlines() == [b'{"do": "child"}', b'{"do": "print"}']


def test_lines_around_the_limit(anyio_backend: str) -> None:
    limit = 1 << 20
    fits, over = b"[" + b" " * (limit - 2) + b"]\n", b"[" + b" " * (limit - 1) + b"]\n"
    with started("echo.py", anyio_backend, str(limit)) as server:
        said, _ = server.communicate(fits + over + b"{}\n", timeout=PATIENCE)
    lines = said.splitlines()
    assert lines[0] == fits.rstrip()
    assert "longer than the limit" in json.loads(lines[1])["error"]
    assert lines[2] == b"{}"


def test_the_default_limit_is_16_mib() -> None:
    assert StdioConfig().max_line_bytes == 16 * 1024 * 1024


def test_starting_loads_nothing_heavy() -> None:
    """The plugin module loads on discovery, the server module on every start."""
    script = "import sys, {0}; print(*sorted(sys.modules))"
    plugin, server = (
        subprocess.run(
            [sys.executable, "-c", script.format(f"zcp_transport_stdio.{name}")],
            capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True,
        ).stdout.split()
        for name in ("plugin", "server")
    )  # fmt: skip
    assert not {"anyio", "asyncio", "zcp_transport_stdio.config"} & set(plugin)
    assert not {"trio", "zcp_kernel.app", "click", "rich", "multiprocessing"} & set(server)
