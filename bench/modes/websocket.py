"""One client and one server over loopback: the same calls over WebSocket and over HTTP."""

import json
import subprocess

from bench.environments import OURS_WS, ROOT, interpreter
from bench.report import Bar, Table

SECONDS = 1
RATIO = 1.5
STATUS_MS = 50
PLANES = {
    "zcp/1": "the native plane",
    "2025-11-25": "MCP 2025-11-25",
    "2026-07-28": "MCP 2026-07-28",
}


def measure() -> list[Table]:
    """Rounds in which all take turns; medians."""
    return [_table(revision, name) for revision, name in PLANES.items()]


def _table(revision: str, name: str) -> Table:
    command = [interpreter(OURS_WS), "-m", "bench.workers.websocket", revision, str(SECONDS)]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", timeout=240, check=True
    )
    found = json.loads(done.stdout)
    rows, slowest = found["rates"], found["status_ms"]
    http = rows["HTTP"]
    bars = [
        Bar(f"HTTP, {calls}", RATIO, rows["/ws"][calls] / http[calls], at_least=True)
        for calls in http
    ]
    if slowest is not None:
        bars.append(Bar("ms to a change of a task", STATUS_MS, slowest, at_least=False))
    return Table(f"WebSocket beside HTTP: {name}", "calls per second", rows, bars)
