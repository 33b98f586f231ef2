"""What the server says by itself is well-formed, and what it declared it would say."""

from __future__ import annotations

from zcp_kernel.errors import MethodNotFound

from ..bench import Bench
from ..outcome import Check, Failed, NotApplicable


async def notifications(bench: Bench) -> str:
    """No notification of the whole run was malformed, undeclared or about something nobody asked
    for; where logging is declared, its level can be set."""
    levels = ""
    if "logging" in bench.capabilities:
        try:
            await bench.client.set_logging_level("warning")
            levels = "the log level can be set; "
        except MethodNotFound:
            pass  # 2026-07-28 has a level for each request instead
    await bench.poke()
    if bench.heard.faults:
        raise Failed("; ".join(bench.heard.faults))
    told = ", ".join(f"{count} {name}" for name, count in sorted(bench.heard.counts.items()))
    if told or levels:
        return f"{levels}heard {told or 'none'}"
    raise NotApplicable("the server had nothing to tell")


NOTIFICATIONS = Check("notifications", notifications)
