"""A connection on trio."""

from __future__ import annotations

import trio
from hypercorn.events import Closed, Event
from hypercorn.trio.tcp_server import TCPServer

from .failing import lost

__all__ = ["Connection"]


class Connection(TCPServer):
    """hypercorn's, whose failure is its own: in hypercorn's nursery it would end the server
    (pgjones/hypercorn#225)."""

    async def run(self) -> None:
        try:
            await super().run()
        except* Exception as errors:
            lost(errors)

    async def protocol_send(self, event: Event) -> None:
        try:
            await super().protocol_send(event)
        except trio.BusyResourceError:
            # While hypercorn says goodbye (`send_eof`) trio lets nobody else write, whom hypercorn
            # expects to fail as on a connection that is closed.
            await self.protocol.handle(Closed())
