"""Calls per second over real pipes: each server a process, the same load for all.

The four take turns within every round, so a slow spell of the machine meets them all alike; a
ratio is the median of the rounds' ratios.
"""

from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from bench.contenders import CONTENDERS, ECHO, OFFICIAL, ZCP
from bench.report import Bar, Table
from bench.wire import Wire

ROUNDS = 7
SECONDS = 0.4
WARM_UP_SECONDS = 0.4

CELLS: dict[str, Callable[[Wire], float]] = {
    "async, sequential": lambda wire: wire.sequential("echo_async", SECONDS),
    "async, 64 in flight": lambda wire: wire.pipelined("echo_async", SECONDS),
    "sync, sequential": lambda wire: wire.sequential("echo_sync", SECONDS),
    "sync, 64 in flight": lambda wire: wire.pipelined("echo_sync", SECONDS),
}

Rounds = dict[tuple[str, str], list[float]]


def measure() -> list[Table]:
    """Both tools, one at a time and 64 at a time."""
    rounds: Rounds = {}
    with ExitStack() as stack:
        wires = {}
        for contender in CONTENDERS:
            wire = wires[contender.name] = Wire(contender.serve())
            stack.callback(wire.close)
            wire.initialize()
        for wire in wires.values():
            for tool in ("echo_async", "echo_sync"):
                wire.pipelined(tool, WARM_UP_SECONDS)
        for _ in range(ROUNDS):
            for cell, load in CELLS.items():
                for name, wire in wires.items():
                    rounds.setdefault((name, cell), []).append(load(wire))
    rows = {
        contender.name: {cell: median(rounds[contender.name, cell]) for cell in CELLS}
        for contender in CONTENDERS
    }
    return [Table("Calls over stdio", "calls per second", rows, _bars(rounds))]


def _bars(rounds: Rounds) -> list[Bar]:
    sequential, pipelined, sync = list(CELLS)[:3]

    def ratio(ours: str, whose: str, theirs: str) -> float:
        pairs = zip(rounds[ZCP, ours], rounds[whose, theirs], strict=True)
        return median(mine / other for mine, other in pairs)

    return [
        Bar("async sequential / bare echo", 0.55, ratio(sequential, ECHO, sequential), True),
        Bar("async sequential / MCP SDK", 4, ratio(sequential, OFFICIAL, sequential), True),
        Bar("async 64 in flight / MCP SDK", 12, ratio(pipelined, OFFICIAL, pipelined), True),
        Bar("sync sequential / async sequential", 0.5, ratio(sync, ZCP, sequential), True),
        Bar("sync sequential / MCP SDK", 3, ratio(sync, OFFICIAL, sync), True),
    ]
