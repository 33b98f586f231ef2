"""The server session of a connection, its facts, and what it makes of a frame."""

from ._core.exchange import Batch, Exchange, Reply
from ._core.nowhere import NOWHERE
from ._core.session import Due, SessionState, ZCPServerSession
from ._core.sharing.session_facts import facts_of, restore

__all__ = [
    "NOWHERE",
    "Batch",
    "Due",
    "Exchange",
    "Reply",
    "SessionState",
    "ZCPServerSession",
    "facts_of",
    "restore",
]
