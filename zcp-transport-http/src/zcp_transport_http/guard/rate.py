"""The rate limit of HTTP: who counts as a caller, and what one is answered who makes too many."""

from __future__ import annotations

from zcp_kernel.rates import RateLimiter
from zcp_kernel.security import Principal

from ..wire import Scope
from .refusal import Refused

__all__ = ["RateLimit"]


class RateLimit(RateLimiter):
    """Counts requests of ASGI scopes."""

    def caller(self, principal: Principal | None, scope: Scope) -> str:
        """Whom a request counts for."""
        client = scope.get("client")
        return self.whom(principal, client[0] if client else None)

    async def take(self, caller: str) -> None:
        """Count one request. Raises `Refused` (429) with the time to wait."""
        seconds = await self.count(caller)
        if seconds is not None:
            raise Refused(
                429,
                self.told(seconds),
                headers=[(b"retry-after", b"%d" % seconds)],
                retryAfterSeconds=seconds,
            )
