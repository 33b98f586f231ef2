"""WebSockets of different makers behind one small face."""

from .base import Socket

__all__ = ["Socket"]
