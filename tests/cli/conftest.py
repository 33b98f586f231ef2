"""Running the command line as users do: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

SERVERS = Path(__file__).parent / "servers"
TIMEOUT = 60


@frozen
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


@frozen
class Zcp:
    """Runs `zcp`; what `start` started is ended with the test."""

    cwd: Path
    env: dict[str, str]
    started: list[subprocess.Popen[str]] = field(factory=list[subprocess.Popen[str]])

    def __call__(self, *args: object, stdin: str = "", env: dict[str, str] | None = None) -> Ran:
        done = subprocess.run(
            self.command(*args),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            cwd=self.cwd,
            env={**self.env, **(env or {})},
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *args: object, **streams: Any) -> subprocess.Popen[str]:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **streams}
        streams.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen(
            self.command(*args), encoding="utf-8", cwd=self.cwd, env=self.env, **streams
        )
        self.started.append(process)
        return process

    @staticmethod
    def command(*args: object) -> list[str]:
        return [sys.executable, "-m", "zcp", *map(str, args)]


@pytest.fixture
def zcp(tmp_path: Path) -> Iterator[Zcp]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZCP_")}
    runner = Zcp(tmp_path, {**env, "COLUMNS": "120"})
    yield runner
    for process in runner.started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=TIMEOUT)


@pytest.fixture
def kitchen() -> Path:
    """An app of ours with something of everything."""
    return SERVERS / "kitchen.py"


@pytest.fixture
def stranger() -> list[str]:
    """The command of an MCP server that uses nothing of ours."""
    return [sys.executable, str(SERVERS / "stranger.py")]
