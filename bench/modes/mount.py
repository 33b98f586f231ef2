"""What a mount costs: the same tools called directly and through another server."""

import json
import subprocess

from bench.environments import OURS, ROOT, interpreter
from bench.report import Bar, Table

SECONDS = 4

WAYS = {
    "app": "an app of this process",
    "session": "a session with a server of this process",
    "process": "a gateway and a server in processes of their own",
}
ECHO, SLOW, BURST = "echo per second", "20 ms tool, ms", "100 at once, ms"


def measure() -> list[Table]:
    """Rounds in which both take turns; medians."""
    return [_table(how, title) for how, title in WAYS.items()]


def _table(how: str, title: str) -> Table:
    command = [interpreter(OURS), "-m", "bench.workers.mounted", how, str(SECONDS)]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", timeout=120, check=True
    )
    rows = json.loads(done.stdout)
    direct, mounted = rows["direct"], rows["mounted"]
    bars = [
        Bar("throughput of direct calls", 0.4, mounted[ECHO] / direct[ECHO], at_least=True),
        Bar("time of a direct 20 ms call", 1.35, mounted[SLOW] / direct[SLOW], at_least=False),
        Bar("time of 100 direct calls", 1.5, mounted[BURST] / direct[BURST], at_least=False),
    ]
    return Table(f"Mounted: {title}", "calls", rows, bars)
