"""The command line of the benchmark."""

import argparse
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from . import docs
from .machine import facts
from .report import Table

MODES = (
    "stdio",
    "inprocess",
    "kernel",
    "startup",
    "lists",
    "http",
    "sessions",
    "mount",
    "store",
    "native",
    "websocket",
    "oauth",
)


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write what was asked for. 1 if a bar was missed."""
    options = _parse(arguments)
    if options.profile:
        from .modes.kernel import profile

        print(profile())
        return 0
    tables = {}
    for mode in MODES if options.mode == "all" else (options.mode,):
        measure: Callable[[], list[Table]] = import_module(f"bench.modes.{mode}").measure
        tables[mode] = measure()
        print("\n\n".join(table.as_text() for table in tables[mode]), flush=True)
    machine = facts()
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    if options.json:
        every = {mode: [table.as_json() for table in some] for mode, some in tables.items()}
        text = json.dumps({"machine": machine, "tables": every}, indent=2)
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    if options.write_docs:
        docs.write(tables, machine)
    bars = [bar for some in tables.values() for table in some for bar in table.bars]
    return 0 if all(bar.ok for bar in bars) else 1


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    parser.add_argument("mode", choices=(*MODES, "all"))
    parser.add_argument("--json", metavar="FILE", help="write every figure and bar here")
    parser.add_argument(
        "--write-docs", action="store_true", help="put the tables into the performance page"
    )
    parser.add_argument(
        "--profile", action="store_true", help="with kernel: where the time of a call goes"
    )
    options = parser.parse_args(arguments)
    if options.profile and options.mode != "kernel":
        parser.error("--profile goes with kernel")
    return options
