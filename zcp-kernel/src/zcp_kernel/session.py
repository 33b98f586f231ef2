"""The server session of a connection, and its facts."""

from ._core.session import SessionState, ZCPServerSession

__all__ = ["SessionState", "ZCPServerSession"]
