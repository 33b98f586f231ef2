"""How many requests a caller may make within a window of time; transports hold them to it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address

from .config import RateLimitConfig
from .contracts import RateStore
from .security import Principal

__all__ = ["RateLimiter"]

_OTHERS = "\0others"


class RateLimiter:
    """Counts requests of callers over a sliding window.

    The window slides by weighing the count of the window before with the part of it that still
    lies within the last `window_seconds`; so two counts a caller are all that is kept. Callers
    beyond `max_callers` in one window share one count: memory is bounded, and nobody is forgotten
    because others came. `refused` is how many were too many.
    """

    def __init__(
        self,
        settings: RateLimitConfig,
        now: Callable[[], float] = time.monotonic,
        store: RateStore | None = None,
    ) -> None:
        """`store` counts for all processes of this server; None: this one alone. `now` gives
        seconds."""
        self._most = settings.max_requests
        self._window = settings.window_seconds
        self._by_principal = settings.by == "principal"
        self._max_callers = settings.max_callers
        self._now = now
        self._begun = now()
        self._counts: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self.refused = 0
        self.store = store

    @property
    def enabled(self) -> bool:
        """Whether there is a limit."""
        return self._most is not None

    def whom(self, principal: Principal | None, address: str | None) -> str:
        """Whom a request counts for. `address` is the peer's, None if it has none."""
        if self._by_principal and principal is not None and principal.subject is not None:
            return f"principal:{principal.subject}"
        return f"address:{_network(address)}" if address is not None else "address:unknown"

    async def count(self, caller: str) -> int | None:
        """Count one request: None if it may be served, else the seconds to wait, at least 1."""
        if self._most is None:
            return None
        if self.store is not None:
            count, before, elapsed = await self.store.count(caller, self._window, self._most)
        else:
            elapsed = self._slide()
            if caller not in self._counts and len(self._counts) >= self._max_callers:
                caller = _OTHERS
            count, before = self._counts.get(caller, 0), self._before.get(caller, 0)
        if count + before * (1 - elapsed) >= self._most:
            self.refused += 1
            return self._wait(self._most, count, before, elapsed)
        if self.store is None:
            self._counts[caller] = count + 1
        return None

    def told(self, seconds: int) -> str:
        """What to tell a caller who has to wait."""
        return (
            f"more than {self._most} requests in {self._window:g} seconds; try again in "
            f"{seconds} seconds"
        )

    def _slide(self) -> float:
        """The part of the current window that has passed."""
        windows = (self._now() - self._begun) / self._window
        if windows >= 1:
            self._before = self._counts if windows < 2 else {}
            self._counts = {}
            self._begun += math.floor(windows) * self._window
            windows -= math.floor(windows)
        return windows

    def _wait(self, most: int, count: int, before: int, elapsed: float) -> int:
        if count >= most:
            # Until its own weight, in the next window, leaves room for one.
            wait = 1 - elapsed + (1 - (most - 1) / count)
        else:
            wait = 1 - (most - 1 - count) / before - elapsed
        return max(1, math.ceil(wait * self._window))


def _network(address: str) -> str:
    """An IPv6 address stands for its /64: that is what one caller has to choose from."""
    if ":" not in address:
        return address
    try:
        return IPv6Address(address.partition("%")[0]).exploded[:19]
    except AddressValueError:
        return address
