"""Clients nobody here wrote drive our server over stdio: one test per client, handshake and check.

A driver (`drivers/`) runs in its SDK's own environment, starts the everything server as a
subprocess and reports every check as a JSON line.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bench.environments import FASTMCP, MCP1, MCP2, ROOT, Environment, interpreter
from tests.interop.drivers.checks import due

HERE = Path(__file__).parent
RUN_SECONDS = 300
REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
NEWEST = REVISIONS[-1]
STATELESS = "2026-07-28"


@dataclass(frozen=True)
class Run:
    """One client, one way of shaking hands, one event loop under the server."""

    driver: str
    environment: Environment
    mode: str
    revision: str
    loop: str = "asyncio"

    def __str__(self) -> str:
        return f"{self.driver}-{self.mode}-{self.revision}-{self.loop}"


RUNS = (
    *(Run("mcp1", MCP1, "pinned", revision) for revision in REVISIONS),
    *(Run("mcp2", MCP2, "pinned", revision) for revision in REVISIONS),
    *(Run("mcp1", MCP1, "sdk", NEWEST, loop) for loop in ("asyncio", "trio")),
    *(Run("mcp2", MCP2, "legacy", NEWEST, loop) for loop in ("asyncio", "trio")),
    *(Run("mcp2", MCP2, "auto", STATELESS, loop) for loop in ("asyncio", "trio")),
    Run("fastmcp4", FASTMCP, "legacy", NEWEST, "trio"),
    Run("fastmcp4", FASTMCP, "auto", STATELESS),
)


@cache
def outcome(run: Run) -> tuple[dict[str, tuple[bool, str]], str]:
    """Every check's verdict and detail, and what the driver said on standard error."""
    command = [
        interpreter(run.environment),
        "-m",
        f"tests.interop.drivers.{run.driver}",
        run.mode,
        run.revision,
        sys.executable,
        str(HERE / "everything_server.py"),
        run.loop,
    ]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=RUN_SECONDS,
            check=False,
        )
        said, complaints = done.stdout, done.stderr
    except subprocess.TimeoutExpired as stuck:
        said, complaints = ((text or b"").decode() for text in (stuck.stdout, stuck.stderr))
        complaints += f"\nthe driver did not end within {RUN_SECONDS} s"
    verdicts = {}
    for line in said.splitlines():
        report = json.loads(line)
        verdicts[report["check"]] = (report["ok"], report["detail"])
    return verdicts, complaints


@pytest.mark.parametrize(
    ("run", "check"),
    [pytest.param(run, check, id=f"{run}-{check}") for run in RUNS for check in due(run.revision)],
)
def test_client(run: Run, check: str) -> None:
    verdicts, complaints = outcome(run)
    ok, detail = verdicts.get(check, (False, "the driver never came to this check"))
    assert ok, f"{detail}\n{complaints}"


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_every_report_is_expected(run: Run) -> None:
    """A check that is reported but not tested for would pass unseen."""
    assert sorted(outcome(run)[0]) == sorted(due(run.revision))
