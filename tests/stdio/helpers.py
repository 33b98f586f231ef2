"""Starting servers by hand, so that each is ended by its id whatever the test finds."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

SERVERS = Path(__file__).parent / "servers"
PATIENCE = 30.0
"""Seconds after which a test gives up on a process; none is expected to take them."""


def command(script: str, *args: str) -> list[str]:
    return [sys.executable, str(SERVERS / script), *args]


def buffered() -> dict[str, str]:
    """The environment, without what would make Python write every print at once."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@contextmanager
def started(
    script: str,
    *args: str,
    stdin: int | socket.socket = subprocess.PIPE,
    stdout: int | socket.socket = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> Generator[subprocess.Popen[bytes]]:
    """A running server; what is no pipe to the test is given."""
    process = subprocess.Popen(
        command(script, *args),
        env=buffered(),
        stdin=stdin if isinstance(stdin, int) else stdin.fileno(),
        stdout=stdout if isinstance(stdout, int) else stdout.fileno(),
        stderr=stderr,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def write(process: subprocess.Popen[bytes], *messages: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
    process.stdin.flush()


def read(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def read_until(stream: IO[bytes] | None, text: bytes) -> bytes:
    """What the stream says up to the line that holds `text`; all of it if there is none."""
    assert stream is not None
    said = b""
    for line in stream:
        said += line
        if text in line:
            break
    return said


def open_session(process: subprocess.Popen[bytes]) -> None:
    """The echo dialect's handshake."""
    client = {"clientInfo": {"name": "t", "version": "1"}, "capabilities": {}}
    params = {"protocolVersion": "echo/1", **client}
    write(process, {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})
    assert read(process)["id"] == 0
    write(process, {"jsonrpc": "2.0", "method": "notifications/initialized"})


def call(process: subprocess.Popen[bytes], tool: str, **arguments: Any) -> None:
    params = {"name": tool, "arguments": arguments}
    write(process, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def dies(pid: int) -> bool:
    """Whether the process ends while there is patience."""
    give_up = time.monotonic() + PATIENCE
    while is_alive(pid) and time.monotonic() < give_up:
        time.sleep(0.02)
    return not is_alive(pid)
