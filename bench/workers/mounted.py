"""Calls of one tool, direct and through a mount: rates and times, as JSON on standard output.

Arguments: how it is mounted (`app`: an app of this process; `session`: the same by a session with
it; `process`: a server in a process of its own, over its standard streams, behind a gateway that is
one too), and for how many seconds to call each.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median

from zcp import FastZCP, ZCPClientSession, stdio_client, stdio_server

BACK = [sys.executable, "-m", "bench.servers.mounted"]
FRONT = [*BACK, "gateway"]
AT_ONCE = 100
ROUNDS = 9

Call = Callable[[], Awaitable[object]]
Way = Callable[[str], Call]
"""From a tool's name to a call of it."""


async def rate(call: Call, seconds: float) -> float:
    """Calls per second, 32 at a time."""
    done, end = 0, time.perf_counter() + seconds

    async def go() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await call()
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(go() for _ in range(32)))
    return done / (time.perf_counter() - started)


async def together(call: Call, calls: int) -> float:
    """Milliseconds until so many calls, made at once, have been answered."""
    started = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(calls)))
    return (time.perf_counter() - started) * 1000


async def measure(ways: Mapping[str, Way], seconds: float) -> dict[str, dict[str, float]]:
    """Every figure of every way: the median of rounds in which they take turns."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            figures = {
                "echo per second": await rate(way("echo"), seconds / ROUNDS),
                "20 ms tool, ms": await together(way("slow"), 1),
                f"{AT_ONCE} at once, ms": await together(way("slow"), AT_ONCE),
            }
            for cell, value in figures.items():
                found[name].setdefault(cell, []).append(value)
    return {
        name: {cell: median(values) for cell, values in cells.items()}
        for name, cells in found.items()
    }


def way(client: ZCPClientSession, prefix: str) -> Way:
    """Calls of the tools under this prefix."""
    return lambda tool: lambda: client.call_tool(f"{prefix}{tool}", {"text": "hello"})


async def main(how: str, seconds: float) -> None:
    from bench.servers.mounted import app as back

    direct = stdio_client(BACK if how == "process" else stdio_server(back))
    roof = FastZCP("roof")
    if how != "process":
        roof.mount(back if how == "app" else stdio_client(stdio_server(back)), prefix="m")
    front = stdio_client(FRONT if how == "process" else stdio_server(roof))
    async with direct, front as mounted:
        ways = {"direct": way(direct, ""), "mounted": way(mounted, "m.")}
        # As a server does once it is up, if the process is its own.
        gc.freeze()
        await measure(ways, seconds / 5)
        figures = await measure(ways, seconds)
    print(json.dumps(figures))


asyncio.run(main(sys.argv[1], float(sys.argv[2])))
