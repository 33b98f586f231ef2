"""A connection on asyncio."""

from __future__ import annotations

from hypercorn.asyncio.tcp_server import TCPServer

from .failing import lost

__all__ = ["Connection"]


class Connection(TCPServer):
    """hypercorn's, whose failure is its own: hypercorn would leave it to the event loop, which
    writes a traceback, and again when the server stops."""

    async def run(self) -> None:
        try:
            await super().run()
        except* Exception as errors:
            lost(errors)
