"""How often somebody may try something."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address

MOST_CALLERS = 10_000


class Rate:
    """At most `most` events of one caller within a window of `seconds`. Callers beyond
    `MOST_CALLERS` share one count. Thread-safe."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._begun = clock()

    def wait(self, caller: str) -> int | None:
        """Count an event; None if it may be, else how many seconds to wait."""
        with self._lock:
            left = self._left()
            caller = self._known(caller)
            if self._counts.get(caller, 0) >= self._most:
                return left
            self._counts[caller] = self._counts.get(caller, 0) + 1
            return None

    def blocked(self, caller: str) -> int | None:
        """As `wait`, without counting anything."""
        with self._lock:
            left = self._left()
            return left if self._counts.get(self._known(caller), 0) >= self._most else None

    def _left(self) -> int:
        now = self._clock()
        if now - self._begun >= self._seconds:
            self._counts, self._begun = {}, now
        return max(1, math.ceil(self._begun + self._seconds - now))

    def _known(self, caller: str) -> str:
        full = len(self._counts) >= MOST_CALLERS and caller not in self._counts
        return "\0others" if full else caller


def network_of(address: str) -> str:
    """Whom an address stands for: of IPv6, its /64."""
    try:
        return IPv6Address(address.partition("%")[0]).exploded[:19]
    except AddressValueError:
        return address
