"""A server that wants fewer requests says so, and takes them again later."""

from __future__ import annotations

import anyio
from attrs import define
from zcp_kernel.errors import LIMIT_REACHED, RateLimited, ZCPError

from ..bench import Bench
from ..outcome import Check, Failed, NotApplicable

AT_ONCE = 10
LONGEST_WAIT = 15.0
WAIT_UNTOLD = 1.0
"""Seconds to wait where the server does not say how many."""


@define
class _Burst:
    left: int
    answered: int = 0
    limited: ZCPError | None = None
    failed: ZCPError | None = None

    async def send(self, bench: Bench) -> None:
        while self.left > 0 and self.limited is None and self.failed is None:
            self.left -= 1
            try:
                await bench.poke()
                self.answered += 1
            except ZCPError as error:
                if isinstance(error, RateLimited) or error.code == LIMIT_REACHED:
                    self.limited = error
                else:
                    self.failed = error


async def rate_limit(bench: Bench) -> str:
    """Many quick requests are answered, or refused as too many; after the wait the server names
    (RFC 9110, section 10.2.3) they are answered again."""
    await bench.poke()
    before = len(bench.way.traffic.limits)
    burst = _Burst(bench.burst)
    async with anyio.create_task_group() as group:
        for _ in range(AT_ONCE):
            group.start_soon(burst.send, bench)
    if burst.failed is not None:
        raise Failed(f"after {burst.answered} quick requests: {burst.failed.message}")
    limit = burst.limited or next(iter(bench.way.traffic.limits[before:]), None)
    if limit is None:
        raise NotApplicable(f"answered {burst.answered} quick requests; no limit was met")
    wait = getattr(limit, "retry_after", None)
    told = "does not say how long to wait" if wait is None else f"asks to wait {wait:g} s"
    if wait is not None and wait > LONGEST_WAIT:
        return f"a limit was met; {told}, not waited for"
    if burst.limited is not None:
        await _after(bench, WAIT_UNTOLD if wait is None else wait)
    return f"a limit was met; {told}; answers again then"


async def _after(bench: Bench, wait: float) -> None:
    await anyio.sleep(wait)
    try:
        await bench.poke()
    except ZCPError as error:
        raise Failed(f"still refused after the wait of {wait:g} s: {error.message}") from None


RATE_LIMIT = Check("rate limit", rate_limit)
