"""`tools/list` with a thousand tools: the first one of a process, and those after it.

The yardstick is the bare echo writing out the very same bytes, kept ready.
"""

import json
import time
from statistics import median
from typing import Any

from bench.contenders import CONTENDERS, ECHO, ZCP, Contender
from bench.report import Bar, Table
from bench.wire import Wire

TOOLS = 1000
PROCESSES = 5
REPEATS = 30

FIRST, SECOND, BYTES = "ms first", "ms second", "bytes"


def measure() -> list[Table]:
    """Every contender with the same tools; the echo with the bytes zcp answered."""
    seen: dict[tuple[str, str], list[float]] = {}
    for _ in range(PROCESSES):
        for contender in CONTENDERS:
            if contender.name != ECHO:
                _keep(seen, contender.name, *_listed(contender))
        _keep(seen, ECHO, *_echoed(_catalogue(CONTENDERS[-1])))
    rows = {
        contender.name: {
            column: median(values)
            for column in (FIRST, SECOND, BYTES)
            if (values := seen.get((contender.name, column)))
        }
        for contender in CONTENDERS
    }
    ratios = zip(seen[ZCP, SECOND], seen[ECHO, SECOND], strict=True)
    bars = [
        Bar("first tools/list, ms", 30, rows[ZCP][FIRST], False),
        Bar("second / same bytes", 1.5, median(mine / other for mine, other in ratios), False),
    ]
    return [Table(f"tools/list of {TOOLS:,} tools", "median", rows, bars)]


def _keep(
    seen: dict[tuple[str, str], list[float]], name: str, first: float, second: float, size: int
) -> None:
    for column, value in ((FIRST, first), (SECOND, second), (BYTES, float(size))):
        seen.setdefault((name, column), []).append(value)


def _listed(contender: Contender) -> tuple[float, float, int]:
    """Milliseconds of the first list and (median) of those after, and the bytes of one."""
    wire = Wire(contender.serve(TOOLS))
    try:
        wire.initialize()
        wire.request("tools/call", {"name": "echo_async", "arguments": {"text": "once"}})
        first, size = _timed(wire)
        later = [_timed(wire)[0] for _ in range(REPEATS)]
        return first, median(later), size
    finally:
        wire.close()


def _timed(wire: Wire) -> tuple[float, int]:
    begin = time.perf_counter()
    size, cursor = 0, None
    while True:
        line = wire.request("tools/list", {} if cursor is None else {"cursor": cursor})
        size += len(line)
        # A whole list ends in its members; decoding it here would be timed too.
        if b'"nextCursor"' not in line:
            break
        cursor = json.loads(line)["result"]["nextCursor"]
    return (time.perf_counter() - begin) * 1e3, size


def _catalogue(contender: Contender) -> Any:
    wire = Wire(contender.serve(TOOLS))
    try:
        wire.initialize()
        result = json.loads(wire.request("tools/list", {}))["result"]
    finally:
        wire.close()
    listed = len(result["tools"])
    if listed < TOOLS:
        raise RuntimeError(f"{contender.name} listed {listed} tools on one page, not {TOOLS}")
    return result


def _echoed(result: Any) -> tuple[float, float, int]:
    wire = Wire(CONTENDERS[0].serve())
    try:
        wire.initialize()
        wire.notify("notifications/blob", result)
        times = []
        for _ in range(REPEATS + 1):
            begin = time.perf_counter()
            line = wire.request("blob")
            times.append((time.perf_counter() - begin) * 1e3)
        return times[0], median(times[1:]), len(line)
    finally:
        wire.close()
