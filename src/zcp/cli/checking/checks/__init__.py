"""The checklist, in the order it is run."""

from __future__ import annotations

from ..outcome import Check
from .auth import AUTH
from .call import CALL
from .discovery import DISCOVERY
from .initialize import INITIALIZE
from .keepalive import KEEPALIVE
from .notifications import NOTIFICATIONS
from .rate_limit import RATE_LIMIT
from .read import READ
from .reconnect import RECONNECT
from .refresh import REFRESH
from .subscribe import SUBSCRIBE
from .tasks import TASK_CANCEL, TASK_CREATE, TASK_POLL

CHECKLIST: tuple[Check, ...] = (
    INITIALIZE,
    DISCOVERY,
    CALL,
    READ,
    SUBSCRIBE,
    TASK_CREATE,
    TASK_POLL,
    TASK_CANCEL,
    AUTH,
    REFRESH,
    KEEPALIVE,
    RATE_LIMIT,
    NOTIFICATIONS,
    RECONNECT,
)
"""Notifications are judged near the end, when there was something to tell of."""
