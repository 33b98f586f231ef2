"""`tools/list` with a thousand tools: the first one of a process, and those after it.

The yardstick is the bare echo writing out the very same bytes, kept ready; it and zcp take turns
request by request, so that both meet the machine in the same state.
"""

import json
import time
from contextlib import ExitStack
from statistics import median
from typing import Any

from bench.contenders import CONTENDERS, ECHO, ZCP, Contender
from bench.report import Bar, Table
from bench.wire import Wire

TOOLS = 1000
PROCESSES = 7
PAIRS = 60
PEER_REPEATS = 3

FIRST, SECOND, BYTES = "ms first", "ms second", "bytes"

Figures = dict[str, list[float]]


def measure() -> list[Table]:
    """Every contender with the same tools; the echo with the bytes zcp answered."""
    seen: dict[str, Figures] = {contender.name: {} for contender in CONTENDERS}
    ratios: list[float] = []
    for _ in range(PROCESSES):
        for contender in CONTENDERS:
            if contender.name not in (ECHO, ZCP):
                _peer(contender, seen[contender.name])
        ratios += _pair(seen[ZCP], seen[ECHO])
    rows = {
        name: {column: median(values) for column, values in figures.items()}
        for name, figures in seen.items()
    }
    bars = [
        Bar("first tools/list, ms", 30, rows[ZCP][FIRST], at_least=False),
        Bar("second / same bytes", 1.5, median(ratios), at_least=False),
    ]
    return [Table(f"tools/list of {TOOLS:,} tools", "median", rows, bars)]


def _peer(contender: Contender, figures: Figures) -> None:
    wire = Wire(contender.serve(TOOLS))
    try:
        _first(wire, figures)
        for _ in range(PEER_REPEATS):
            figures.setdefault(SECOND, []).append(_listed(wire)[0])
    finally:
        wire.close()


def _pair(ours: Figures, echo: Figures) -> list[float]:
    """Ratios of lists to echoes of the same bytes, one after the other."""
    with ExitStack() as stack:
        lister, echoer = (Wire(each.serve(TOOLS)) for each in (CONTENDERS[-1], CONTENDERS[0]))
        stack.callback(lister.close)
        stack.callback(echoer.close)
        _first(lister, ours)
        echoer.initialize()
        echoer.notify("notifications/blob", _result(lister))
        _echoed(echoer)
        ratios = []
        for _ in range(PAIRS):
            mine, (theirs, size) = _listed(lister)[0], _echoed(echoer)
            ours.setdefault(SECOND, []).append(mine)
            echo.setdefault(SECOND, []).append(theirs)
            echo.setdefault(BYTES, []).append(size)
            ratios.append(mine / theirs)
        return ratios


def _first(wire: Wire, figures: Figures) -> None:
    """The first list of a process that has done other work before."""
    wire.initialize()
    wire.request("tools/call", {"name": "echo_async", "arguments": {"text": "once"}})
    spent, size = _listed(wire)
    figures.setdefault(FIRST, []).append(spent)
    figures.setdefault(BYTES, []).append(size)


def _listed(wire: Wire) -> tuple[float, float]:
    """Milliseconds and bytes of one whole list, in as many pages as the server makes of it."""
    spent, size = 0.0, 0
    cursor: str | None = None
    while True:
        params: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        begin = time.perf_counter()
        line = wire.request("tools/list", params)
        spent += time.perf_counter() - begin
        size += len(line)
        # Looking for more pages costs more than the list itself, so the clock stands still.
        if b'"nextCursor"' not in line:
            return spent * 1e3, size
        cursor = json.loads(line)["result"]["nextCursor"]


def _result(wire: Wire) -> Any:
    result = json.loads(wire.request("tools/list", {}))["result"]
    if len(result["tools"]) < TOOLS:
        raise RuntimeError(f"zcp listed {len(result['tools'])} tools on one page, not {TOOLS}")
    return result


def _echoed(wire: Wire) -> tuple[float, float]:
    begin = time.perf_counter()
    line = wire.request("blob")
    return (time.perf_counter() - begin) * 1e3, len(line)
