"""When a call is sent again, and how long to wait before."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ...errors import ConnectionLost, RateLimited, SessionLost, ZCPError

REJOIN_SECONDS = (0.1, 0.4, 1.2)
"""Pauses between tries to reach a server again, give or take a half."""

REPEAT_SECONDS = 0.1
"""Pause before a call is sent again to a server that lost it."""

LONGEST_WAIT = 10.0
"""Seconds a server that wants fewer requests is waited for; when it asks for more, the caller is
told."""


def rejoin_pauses() -> Iterator[float]:
    """How long to wait after each failure but the last."""
    return (_about(seconds) for seconds in REJOIN_SECONDS)


def pause_before_repeating(error: ZCPError, *, own_exchange: bool) -> float | None:
    """Seconds after which a call that failed with this error may be sent once more; None if it may
    not be."""
    if isinstance(error, RateLimited):
        wait = error.retry_after
        return wait if wait is not None and 0 <= wait <= LONGEST_WAIT else None
    if not isinstance(error, ConnectionLost) or not error.retryable:
        return None
    if isinstance(error, SessionLost) or not own_exchange:
        return 0
    return _about(REPEAT_SECONDS)


def _about(seconds: float) -> float:
    return seconds * random.uniform(0.5, 1.5)
