"""WebSockets of hypercorn, which end as RFC 6455 has it whatever the peer does.

hypercorn (0.18) leaves five things undone. wsproto tells it of wrong framing or text by a close
event of its own making, and it hangs up without a close frame (section 7.1.7). It closes with 1009
without telling the application, and takes the peer's bytes for as long as they come. It hangs up
behind its own close frame, so that a peer still sending is reset and never reads the code. Its
queue to an application that has returned fills up, and what waits for room there waits for ever
(the connection with it). And it inflates compressed messages before it looks at their size.

So one socket's wsproto connection gets a stand-in, made of public names; nothing is changed that
other applications of the process could notice. Where `send` is another server's, or hypercorn is
not as it was, nothing happens.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from wsproto.connection import Connection, ConnectionState
    from wsproto.events import Event

    from ..wire import Receive, Send

__all__ = ["HypercornSocket", "hypercorn_socket"]

OnFault = Callable[[int, str, "bytes | None"], None]

LINGER_SECONDS = 1.0
"""How long a peer may go on sending after our close frame before the connection is closed."""

DROPPED = 1006

QUIET_SECONDS = 0.25
"""How long a peer that sends nothing has to answer our close frame."""

STREAM = "hypercorn.protocol.ws_stream"
MOST_MIDDLEWARE = 20

USED = ("app_put", "buffer", "closed", "handle", "handshake", "send", "stream_id", "task_group")
"""Members of hypercorn's stream that are used here."""


def hypercorn_socket(send: Send) -> HypercornSocket | None:
    """The socket behind this `send`, before it is accepted; None if it is none of hypercorn's."""
    module = sys.modules.get(STREAM)
    stream: Any = getattr(_innermost(send), "__self__", None)
    if module is None or not isinstance(stream, module.WSStream):
        return None
    if not all(hasattr(stream, name) for name in USED):
        return None
    return HypercornSocket(stream)


def _innermost(send: Any) -> Any:
    """Middleware passes messages on in a function that closes over its own `send`."""
    for _ in range(MOST_MIDDLEWARE):
        names: tuple[str, ...] = getattr(getattr(send, "__code__", None), "co_freevars", ())
        if hasattr(send, "__self__") or "send" not in names:
            break
        send = send.__closure__[names.index("send")].cell_contents
    return send


class HypercornSocket:
    """Watches over one socket, and over its end: see `finish`."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._connection: StandIn | None = None
        self._too_big = "the message is too large"
        self._over = False
        self._putting = 0
        self._decided = anyio.Event()
        self._gone = anyio.Event()
        self._told_peer = anyio.Event()
        self._put = stream.app_put
        self._handle = stream.handle
        self._accept = stream.handshake.accept
        stream.app_put = self._pass_on
        stream.handle = self._handled
        stream.handshake.accept = self._accepted
        stream.handshake.extensions = None

    @property
    def refused(self) -> bool:
        """Whether hypercorn has refused the upgrade by itself, of which it tells nobody."""
        return bool(self._stream.closed) and not self._gone.is_set()

    def limit(self, most_bytes: int) -> None:
        """Take in no message of more bytes."""
        self._stream.buffer.max_length = most_bytes
        self._too_big = f"a message is larger than {most_bytes} bytes"

    async def finish(self, receive: Receive) -> None:
        """To be called when the application has returned, before hypercorn hears of it: frees what
        waits for the application to read, and after our close frame gives the peer its time."""
        from hypercorn.protocol.events import StreamClosed

        self._over = True
        self._decided.set()
        while self._putting:
            await receive()
        if self.refused:
            await self._stream.send(StreamClosed(stream_id=self._stream.stream_id))
        elif self._connection is not None:
            with anyio.move_on_after(LINGER_SECONDS):
                await self._linger(self._connection)

    async def _linger(self, connection: StandIn) -> None:
        from hypercorn.protocol.events import EndData

        if connection.broken:
            await self._told_peer.wait()
        # For HTTP/2, whose connection lives on.
        await self._stream.send(EndData(stream_id=self._stream.stream_id))
        while connection.closing and not self._gone.is_set():
            heard = connection.heard
            with anyio.move_on_after(QUIET_SECONDS):
                await self._gone.wait()
            if heard == connection.heard:
                return

    # -- instead of hypercorn's --------------------------------------------------------------------

    def _accepted(self, *arguments: Any) -> tuple[Any, Any, StandIn]:
        status, headers, connection = self._accept(*arguments)
        self._connection = StandIn(connection, self._failed, self._too_big)
        self._decided.set()
        return status, headers, self._connection

    async def _handled(self, event: Any) -> None:
        from hypercorn.protocol.events import Body, Data, StreamClosed

        if isinstance(event, StreamClosed):
            self._gone.set()
        elif isinstance(event, (Body, Data)) and self._connection is None:
            # hypercorn would refuse the upgrade while it is being accepted.
            await self._decided.wait()
            if self._connection is None:
                return
        await self._handle(event)
        if self.refused:
            await self._tell_application(DROPPED, "")

    async def _pass_on(self, message: Any) -> None:
        """Once the application has returned nobody reads."""
        if self._over:
            return
        self._putting += 1
        try:
            await self._put(message)
        finally:
            self._putting -= 1

    # -- faults ------------------------------------------------------------------------------------

    def _failed(self, code: int, reason: str, frame: bytes | None) -> None:
        """The peer broke the protocol: tell it, by a close frame unless one was sent, and the
        application. Neither may wait for the other."""
        spawn = self._stream.task_group.spawn
        if frame is not None:
            spawn(self._tell_peer, frame)
        else:
            self._told_peer.set()
        spawn(self._tell_application, code, reason)

    async def _tell_peer(self, frame: bytes) -> None:
        from hypercorn.protocol.events import Data

        await self._stream.send(Data(stream_id=self._stream.stream_id, data=frame))
        self._told_peer.set()

    async def _tell_application(self, code: int, reason: str) -> None:
        await self._pass_on({"type": "websocket.disconnect", "code": code, "reason": reason})


class StandIn:
    """Stands for wsproto's connection in hypercorn's stream.

    `on_fault` is called with code, reason and the close frame to send; None if one was sent.
    `broken` is set when nothing more can be made of what the peer sends, `heard` counts how often
    something came.
    """

    def __init__(self, connection: Connection, on_fault: OnFault, too_big: str) -> None:
        from wsproto.connection import ConnectionState
        from wsproto.events import CloseConnection, Message
        from wsproto.frame_protocol import CloseReason

        self._connection = connection
        self._on_fault = on_fault
        self._ours_to_close = (ConnectionState.OPEN, ConnectionState.LOCAL_CLOSING)
        self._closing = ConnectionState.LOCAL_CLOSING
        self._close: type[CloseConnection] = CloseConnection
        self._message: type[Message[Any]] = Message
        self._too_big = CloseConnection(CloseReason.MESSAGE_TOO_BIG, too_big)
        self.broken = False
        self.heard = 0

    @property
    def state(self) -> ConnectionState:
        return self._connection.state

    @property
    def closing(self) -> bool:
        """Whether we sent a close frame, and have none of the peer's."""
        return self._connection.state is self._closing

    def send(self, event: Event) -> bytes:
        if not isinstance(event, self._close) or event.code != self._too_big.code or event.reason:
            return self._connection.send(event)
        # hypercorn's own decision, of which it tells nobody else.
        frame = self._connection.send(self._too_big)
        self._on_fault(int(self._too_big.code), self._too_big.reason or "", None)
        return frame

    def receive_data(self, data: bytes) -> None:
        self.heard += 1
        if not self.broken:
            self._connection.receive_data(data)

    def events(self) -> Generator[Event, None, None]:
        """What hypercorn is to handle: neither messages after our close frame, nor wsproto's close
        event for a fault, which looks like the peer's but leaves the connection open."""
        if self.broken:
            return
        for event in self._connection.events():
            if isinstance(event, self._close) and self._connection.state in self._ours_to_close:
                self.broken = True
                frame = None if self.closing else self._connection.send(event)
                self._on_fault(int(event.code), event.reason or "", frame)
                return
            if not (self.closing and isinstance(event, self._message)):
                yield event
