"""The loop every in-process worker runs: told how many seconds and how many at once, it answers
with calls per second. One event loop per process, kept warm between rounds."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable


async def serve(call: Callable[[str], Awaitable[str]]) -> None:
    """Answer lines `SECONDS AT_ONCE` on standard input until it ends."""
    for line in sys.stdin:
        seconds, at_once = line.split()
        rate = await _rate(call, float(seconds), int(at_once))
        print(rate, flush=True)


async def _rate(call: Callable[[str], Awaitable[str]], seconds: float, at_once: int) -> float:
    begin = time.perf_counter()
    done = 0

    async def caller(name: int) -> None:
        nonlocal done
        while time.perf_counter() - begin < seconds:
            text = f"hello {name} {done}"
            if await call(text) != text:
                raise RuntimeError("a wrong answer")
            done += 1

    await asyncio.gather(*(caller(name) for name in range(at_once)))
    return done / (time.perf_counter() - begin)
