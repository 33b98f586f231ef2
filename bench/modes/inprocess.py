"""Calls per second with client and server in one process, each SDK with its own client."""

import subprocess
from contextlib import ExitStack
from statistics import median

from bench.contenders import CONTENDERS, Contender
from bench.environments import ROOT
from bench.report import Table

ROUNDS = 5
SECONDS = 0.4

CELLS = {"sequential": 1, "64 in flight": 64}


class Worker:
    """A process that holds one SDK's client and server and calls when told."""

    def __init__(self, contender: Contender) -> None:
        self._process = subprocess.Popen(
            contender.work(),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    def rate(self, at_once: int, seconds: float = SECONDS) -> float:
        """Calls per second with `at_once` callers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{seconds} {at_once}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=10)


def measure() -> list[Table]:
    """Interleaved rounds; medians."""
    rounds: dict[tuple[str, str], list[float]] = {}
    some = [contender for contender in CONTENDERS if contender.worker is not None]
    with ExitStack() as stack:
        workers = {}
        for contender in some:
            worker = workers[contender.name] = Worker(contender)
            stack.callback(worker.close)
            worker.rate(1)
        for _ in range(ROUNDS):
            for cell, at_once in CELLS.items():
                for name, worker in workers.items():
                    rounds.setdefault((name, cell), []).append(worker.rate(at_once))
    rows = {
        contender.name: {cell: median(rounds[contender.name, cell]) for cell in CELLS}
        for contender in some
    }
    return [Table("Calls in one process", "calls per second", rows)]
