"""`zcp serve --transport http`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from server_process import ROOT, free_port, server

ZCP = [sys.executable, "-m", "zcp", "serve"]
TARGET = "tests/http/core/servers/served.py"


@pytest.mark.parametrize("more", [["--loop", "uvloop"], ["--backend", "trio"], ["--workers", "2"]])
def test_it_serves_an_app(more: list[str], tmp_path: Path) -> None:
    port = free_port()
    command = [*ZCP, f"{TARGET}:app", "--transport", "http", "--port", str(port), *more]
    with server(command, port, tmp_path, ZCP_KEYS__SECRETS="0123456789abcdef" * 2) as one:
        assert one.call("slow", seconds=0).status == 200
        assert one.stop() == 0, one.errors


def test_configuration_from_a_file(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "zcp.toml").write_text(f'[http]\nport = {port}\nhealth_path = "/up"\n')
    command = [*ZCP, f"{TARGET}:app", "--transport", "http", "--config", tmp_path / "zcp.toml"]
    with server([*map(str, command)], port, tmp_path) as one:
        assert one.request("GET", "/up").status == 200


def refused(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [*ZCP, *map(str, arguments)], capture_output=True, encoding="utf-8", timeout=60, cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()[-1]


def test_what_is_refused(tmp_path: Path) -> None:
    code, line = refused(TARGET, "--port", 1)
    assert code == 2
    assert "--port is for --transport http or websocket" in line
    code, line = refused("no_such_module:app", "--transport", "http")
    assert code == 3
    assert "no_such_module" in line
    alone = tmp_path / "alone.py"
    alone.write_text(
        "from zcp import FastZCP, run_mcp_stdio_server_sync\n"
        "app = FastZCP('A')\nrun_mcp_stdio_server_sync(app)\n"
    )
    code, line = refused(alone, "--transport", "http")
    assert code == 3
    assert "serves by itself on stdio" in line
