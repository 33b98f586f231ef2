"""`zcp serve --transport websocket`."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from certificates import certificate
from server_process import PATIENCE, ROOT, Server, free_port, server

from zcp.sync import connect

ZCP = [sys.executable, "-m", "zcp", "serve", "tests/http/core/servers/served.py:app"]


def command(port: int, *more: str, transport: str = "websocket") -> list[str]:
    return [*ZCP, "--transport", transport, "--port", str(port), *more]


def until_listening(one: Server) -> None:
    deadline = time.monotonic() + PATIENCE
    while "listening at" not in one.errors:
        assert one.process.poll() is None, one.errors
        assert time.monotonic() < deadline, one.errors
        time.sleep(0.02)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("transport", ["websocket", "ws"])
def test_it_serves_an_app(transport: str, backend: str, tmp_path: Path) -> None:
    port = free_port()
    started = command(port, "--backend", backend, transport=transport)
    with server(started, port, tmp_path, ready=False) as one:
        until_listening(one)
        with connect(f"ws://127.0.0.1:{port}/ws") as client:
            assert client.call_tool("slow", {"seconds": 0})["isError"] is False
        assert one.stop() == 0, one.errors


def test_configuration_and_tls(tmp_path: Path) -> None:
    port = free_port()
    certfile, keyfile = certificate(tmp_path)
    (tmp_path / "zcp.toml").write_text('[websocket]\npath = "/socket"\n')
    more = ["--config", str(tmp_path / "zcp.toml"), "--certfile", certfile, "--keyfile", keyfile]
    with server(command(port, *more), port, tmp_path, ready=False) as one:
        until_listening(one)
        trusting: Any = ssl.create_default_context(cafile=certfile)
        with connect(f"wss://localhost:{port}/socket", ssl_context=trusting) as client:
            assert client.call_tool("slow", {"seconds": 0})["isError"] is False


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        (["--workers", "2"], 2, "--workers is for --transport http"),
        (["--certfile", "pyproject.toml"], 3, "both certfile and keyfile"),
    ],
)
def test_what_is_refused(more: list[str], code: int, told: str) -> None:
    done = subprocess.run(
        command(0, *more), capture_output=True, encoding="utf-8", timeout=60, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr.splitlines()[-1]
