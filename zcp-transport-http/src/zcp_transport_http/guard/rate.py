"""How many requests a caller may make within a window of time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address

from zcp_kernel.contracts import RateStore
from zcp_kernel.security import Principal

from ..config import RateLimitConfig
from ..wire import Scope
from .refusal import Refused

_OTHERS = "\0others"


class RateLimit:
    """Counts requests of callers over a sliding window.

    The window slides by weighing the count of the window before with the part of it that still
    lies within the last `window_seconds`; so two counts a caller are all that is kept. Callers
    beyond `max_callers` in one window share one count: memory is bounded, and nobody is forgotten
    because others came.
    """

    def __init__(
        self, settings: RateLimitConfig, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = settings.max_requests
        self._window = settings.window_seconds
        self._by_principal = settings.by == "principal"
        self._max_callers = settings.max_callers
        self._now = now
        self._begun = now()
        self._counts: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self.refused = 0
        self.store: RateStore | None = None
        """Counts for all processes of this server; None: this one alone."""

    @property
    def enabled(self) -> bool:
        return self._most is not None

    def caller(self, principal: Principal | None, scope: Scope) -> str:
        """Whom a request counts for."""
        if self._by_principal and principal is not None and principal.subject is not None:
            return f"principal:{principal.subject}"
        client = scope.get("client")
        return f"address:{_network(client[0])}" if client else "address:unknown"

    async def take(self, caller: str) -> None:
        """Count one request. Raises `Refused` (429) with the time to wait."""
        if self._most is None:
            return
        if self.store is not None:
            count, before, elapsed = await self.store.count(caller, self._window, self._most)
            if count + before * (1 - elapsed) >= self._most:
                self.refused += 1
                raise self._refusal(count, before, elapsed)
            return
        elapsed = self._slide()
        if caller not in self._counts and len(self._counts) >= self._max_callers:
            caller = _OTHERS
        count, before = self._counts.get(caller, 0), self._before.get(caller, 0)
        if count + before * (1 - elapsed) >= self._most:
            self.refused += 1
            raise self._refusal(count, before, elapsed)
        self._counts[caller] = count + 1

    def _slide(self) -> float:
        """The part of the current window that has passed."""
        windows = (self._now() - self._begun) / self._window
        if windows >= 1:
            self._before = self._counts if windows < 2 else {}
            self._counts = {}
            self._begun += math.floor(windows) * self._window
            windows -= math.floor(windows)
        return windows

    def _refusal(self, count: int, before: int, elapsed: float) -> Refused:
        assert self._most is not None
        if count >= self._most:
            # Until its own weight, in the next window, leaves room for one.
            wait = 1 - elapsed + (1 - (self._most - 1) / count)
        else:
            wait = 1 - (self._most - 1 - count) / before - elapsed
        seconds = max(1, math.ceil(wait * self._window))
        return Refused(
            429,
            f"more than {self._most} requests in {self._window:g} seconds; try again in "
            f"{seconds} seconds",
            headers=[(b"retry-after", b"%d" % seconds)],
            retryAfterSeconds=seconds,
        )


def _network(address: str) -> str:
    """An IPv6 address stands for its /64: that is what one caller has to choose from."""
    if ":" not in address:
        return address
    try:
        return IPv6Address(address.partition("%")[0]).exploded[:19]
    except AddressValueError:
        return address
