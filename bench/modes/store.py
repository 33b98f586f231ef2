"""One SQLite file: durable tasks, results among a million, event streams, and what it costs calls
that need none of it."""

import json
import subprocess
import tempfile

from bench.environments import OURS_STORE, ROOT, interpreter
from bench.report import Bar, Table

TASKS = 1_000_000
SECONDS = 1200


def measure() -> list[Table]:
    with tempfile.TemporaryDirectory() as folder:
        command = [interpreter(OURS_STORE), "-m", "bench.workers.store", folder, str(TASKS)]
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", timeout=SECONDS, check=True
        )
    found = json.loads(done.stdout)
    calls: dict[str, float] = found["calls"]
    memory, *others = calls.values()
    rows = {
        "durable tasks created and completed, per s": {"zcp": found["tasks"]},
        f"a result among {TASKS:,} tasks, ms (median)": {"zcp": found["read"]},
        "events appended and read again, per s": {"zcp": found["events"]},
    }
    bars = [
        Bar("durable tasks per s", 1500, found["tasks"], at_least=True),
        Bar("ms for a result", 1, found["read"], at_least=False),
        Bar("events per s", 5000, found["events"], at_least=True),
    ]
    beside = [
        Bar(f"{name} / {'in memory'}", 1.05, cost / memory, at_least=False)
        for name, cost in zip([*calls][1:], others, strict=True)
    ]
    return [
        Table("One SQLite file", "store", rows, bars),
        Table(
            "A tools/call on /mcp that uses no store",
            "µs per call, best round",
            {name: {"zcp": cost} for name, cost in calls.items()},
            beside,
        ),
    ]
