"""A connection nobody uses for a while is still there."""

from __future__ import annotations

import anyio

from ..bench import Bench
from ..outcome import Check, Failed


async def keepalive(bench: Bench) -> str:
    """After an idle time the session answers, over the connection it had."""
    await bench.poke()
    before = bench.way.traffic.opened
    await anyio.sleep(bench.idle_seconds)
    await bench.poke()
    if bench.way.traffic.opened != before:
        raise Failed(f"the connection was gone after {bench.idle_seconds:g} idle seconds")
    return f"answers after {bench.idle_seconds:g} idle seconds"


KEEPALIVE = Check("keepalive", keepalive)
