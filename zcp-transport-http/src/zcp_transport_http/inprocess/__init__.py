"""Servers in this process, spoken to through the real ASGI application in memory."""

from .clients import sse_client, streamable_http_client
from .servers import InProcessServer, sse_server, streamable_http_server

__all__ = [
    "InProcessServer",
    "sse_client",
    "sse_server",
    "streamable_http_client",
    "streamable_http_server",
]
