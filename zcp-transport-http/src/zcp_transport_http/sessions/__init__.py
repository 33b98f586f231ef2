"""Sessions of clients that come back: minted, found, and freed."""

from .session import HTTPSession, StreamingSession
from .table import HTTPSessions, SessionsFull

__all__ = ["HTTPSession", "HTTPSessions", "SessionsFull", "StreamingSession"]
