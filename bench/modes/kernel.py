"""Microseconds of a tools/call inside the kernel: frame in, frame out."""

import json
import subprocess
from statistics import median

from bench.environments import OURS, ROOT, interpreter
from bench.report import Bar, Table

MEDIAN, BEST = "median", "best round"


def measure() -> list[Table]:
    """An async tool, on the newest MCP handshake revision and on the native plane."""
    rounds: dict[str, list[float]] = json.loads(_worker("rounds"))
    rows = {name: {MEDIAN: median(some), BEST: min(some)} for name, some in rounds.items()}
    bars = [
        Bar(f"tools/call on {name}, µs", 15, row[MEDIAN], at_least=False)
        for name, row in rows.items()
    ]
    return [Table("A tools/call in the kernel alone", "µs per call", rows, bars)]


def profile() -> str:
    """Where the time goes: cProfile's own table, most expensive first."""
    return _worker("profile")


def _worker(what: str) -> str:
    command = [interpreter(OURS), "-m", "bench.workers.kernel", what]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return done.stdout
