"""Channels over sockets: one that lives as long as its socket, one that outlives it."""

from .lasting import LastingChannel
from .plain import SocketChannel

__all__ = ["LastingChannel", "SocketChannel"]
