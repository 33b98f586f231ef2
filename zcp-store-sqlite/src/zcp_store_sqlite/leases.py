"""The clock of leases.

Every process of this machine reads it alike, and no change of the time of day moves it. It begins
anew when the machine does.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from sqlite3 import Connection

__all__ = ["FIRST_LEASE_SECONDS", "forget_former_boots", "lease_clock"]

FIRST_LEASE_SECONDS = 60.0
"""How long a new task is held by a process that has not said yet how long it holds any."""


def lease_clock() -> float:
    """Seconds since the machine started, sleep included where the system counts it."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


@cache
def boot_id() -> str:
    """What tells one start of the machine from the next; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def forget_former_boots(connection: Connection) -> None:
    """What was held before the machine started is held no more."""
    known = connection.execute("SELECT value FROM facts WHERE name = 'boot'").fetchone()
    if known == (boot_id(),):
        return
    if known is not None:
        connection.execute("UPDATE tasks SET held_until = 0 WHERE holder IS NOT NULL")
    connection.execute("INSERT OR REPLACE INTO facts VALUES ('boot', ?)", (boot_id(),))
