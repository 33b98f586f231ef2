"""The native plane's economies: bytes of lists and results, time of searches, memory of handles."""

import json
import subprocess
import tempfile
from typing import Any

from bench.environments import OURS, OURS_STORE, ROOT, Environment, interpreter
from bench.report import Bar, Table


def measure() -> list[Table]:
    """With 10,000 tools; and 1,000 results of 1 MB against a budget of 64 MB."""
    found: dict[str, dict[str, float]] = _worker(OURS, "native")
    with tempfile.TemporaryDirectory() as folder:
        pages: dict[str, dict[str, float]] = _worker(OURS_STORE, "handles", folder)
    slowest = max(page["first, median"] for page in pages.values())
    lists, searches = found["lists"], found["searches"]
    results, handles = found["results"], found["handles"]
    return [
        Table(
            "tools/list of 10,000 tools",
            "bytes",
            {name: {"bytes": size} for name, size in lists.items()},
            [
                Bar("known and unchanged, bytes", 100, lists["unchanged"], at_least=False),
                Bar(
                    "one change beyond its tool, bytes",
                    200,
                    lists["one change beyond its tool"],
                    at_least=False,
                ),
                Bar("full / MCP", 1, lists["full"] / lists["MCP"], at_least=False),
            ],
        ),
        Table(
            "tools/search over 10,000 tools",
            "ms",
            {"tools/search": searches},
            [Bar("median after the first, ms", 5, searches["median after"], at_least=False)],
        ),
        Table(
            "A list of 100 rows",
            "times its JSON",
            {name: {"times": times} for name, times in results.items()},
            [Bar("native / JSON", 1.05, results["native"], at_least=False)],
        ),
        Table(
            "1,000 handles of 1 MB, budget 64 MB",
            "MB, ms",
            {"handles": handles},
            [
                Bar("resident, MB", 64 * 1.25, handles["MB resident"], at_least=False),
            ],
        ),
        Table(
            "A page of a handle of 1 MB that nobody has read before",
            "ms",
            pages,
            [Bar("the slowest first page, median, ms", 5, slowest, at_least=False)],
        ),
    ]


def _worker(environment: Environment, name: str, *arguments: str) -> Any:
    command = [interpreter(environment), "-m", f"bench.workers.{name}", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return json.loads(done.stdout)
