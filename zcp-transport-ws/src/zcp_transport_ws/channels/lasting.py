"""A channel that outlives its socket: what was not received goes out again on the next one.

Rules of this file:
- Everything is written by one flusher at a time, in the order of the window; whoever adds a frame
  while it runs leaves it to the flusher.
- `attach` and `_detach` do not wait: at every moment there is one socket or none, and what another
  one still says or takes does not count.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from ..closing import NORMAL, PROTOCOL_ERROR, Ending, SocketClosed
from ..sockets import Socket
from .control import MARK, control, count, read_control
from .window import Window

__all__ = ["LastingChannel"]

FLUSH_SECONDS = 1.0
"""How long closing waits for the peer to take what was sent."""

Spawn = Callable[[Callable[[], Awaitable[Any]]], Any]


class LastingChannel:
    """Implements `zcp_kernel.contracts.Channel` for either end.

    `spawn` runs a coroutine function in the background; `on_detach` is called with the ending of a
    socket that was not replaced, `on_end` once, when the channel ends for good.
    """

    def __init__(self, window: Window, spawn: Spawn) -> None:
        self.window = window
        self.exit_reason: str | None = None
        self.ended = False
        self.on_detach: Callable[[Ending], object] = _nothing
        self.on_end: Callable[[], object] = _nothing
        self._spawn = spawn
        self._socket: Socket | None = None
        self._attached = anyio.Event()
        self._room = anyio.Event()
        self._greeting: bytes | None = None
        self._written = 0
        self._deaf: Socket | None = None
        self._flushing = False
        self._flushed = anyio.Event()
        self._confirming = False

    # -- sockets -----------------------------------------------------------------------------------

    @property
    def socket(self) -> Socket | None:
        """The one in use; None while there is none."""
        return self._socket

    def attach(self, socket: Socket, received: int, greeting: bytes | None = None) -> Socket | None:
        """Go on over this socket, whose peer has received so many messages; `greeting` goes out
        first. Returns the socket it takes over from, if that one is still open. Raises `ValueError`
        for a count that cannot be."""
        self.window.confirm(received)
        former, self._socket = self._socket, socket
        self._greeting = greeting
        self._written = received
        self._attached.set()
        self._make_room()
        self._spawn(self._flush)
        return former

    def _detach(self, socket: Socket, ending: Ending) -> None:
        if socket is self._socket:
            self._socket = None
            self._attached = anyio.Event()
            self.on_detach(ending)

    def end(self, reason: str) -> None:
        """For good: readers and senders are told. Idempotent."""
        if not self.ended:
            self.ended = True
            self.exit_reason = self.exit_reason or reason
            self._attached.set()
            self._make_room()
            self.on_end()

    async def aclose(self, code: int = NORMAL, reason: str = "") -> None:
        """Send what is left to send, if the peer takes it soon, and end the session here and at the
        peer. Idempotent."""
        socket = self._socket
        if self.ended or socket is None or socket.ending is not None:
            return self.end(reason or "closed here")
        with anyio.move_on_after(FLUSH_SECONDS, shield=True):
            while socket is self._socket and self._due:
                await self._flushed.wait()
        self.end(reason or "closed here")
        with anyio.move_on_after(FLUSH_SECONDS, shield=True):
            try:
                await socket.send(control(end=True))
            except SocketClosed:
                return None
        return await socket.close(code, reason)

    # -- frames in ---------------------------------------------------------------------------------

    async def receive(self) -> bytes:
        """The next frame, over whichever socket. Raises `anyio.EndOfStream` when the channel has
        ended."""
        while not self.ended:
            socket = self._socket
            if socket is None:
                await self._attached.wait()
                continue
            try:
                message = await socket.receive()
            except SocketClosed as closed:
                self._detach(socket, closed.ending)
                continue
            if socket is not self._socket:
                # It was not counted, so its sender sends it again.
                continue
            if message[:1] == MARK:
                await self._heed(socket, message)
                continue
            if self.window.took(message) and not self._confirming:
                self._confirming = True
                self._spawn(self._confirm)
            return message
        raise anyio.EndOfStream

    async def _heed(self, socket: Socket, message: bytes) -> None:
        try:
            members = read_control(message)
            if members.get("end") is True:
                return self.end("the peer ended the session")
            self.window.confirm(count(members))
        except ValueError as error:
            return await socket.close(PROTOCOL_ERROR, str(error))
        self._written = max(self._written, self.window.confirmed)
        return self._make_room()

    async def _confirm(self) -> None:
        self._confirming = False
        if self._socket is not None:
            try:
                await self._socket.send(control(received=self.window.told()))
            except SocketClosed:
                return

    # -- frames out --------------------------------------------------------------------------------

    async def send(self, frame: bytes) -> None:
        """Send a frame, now or over the next socket; waits while too much is unconfirmed. Raises
        `anyio.BrokenResourceError` when the channel has ended."""
        while self.window.full and not self.ended:
            await self._room.wait()
        if self.ended:
            raise anyio.BrokenResourceError
        self.window.add(frame)
        await self._flush()

    async def _flush(self) -> None:
        if self._flushing:
            return
        self._flushing = True
        try:
            while self._due and (socket := self._socket) is not None:
                await self._write_next(socket)
        except BaseException:
            # A sender who is cancelled must not hold up the others' frames.
            self._flushing = False
            if not self.ended:
                self._spawn(self._flush)
            raise
        self._flushing = False
        flushed, self._flushed = self._flushed, anyio.Event()
        flushed.set()

    @property
    def _due(self) -> bool:
        """Whether there is something to write, and a socket that takes it."""
        if self._socket is None or self._socket is self._deaf:
            return False
        return self._greeting is not None or self._written < self.window.sent

    async def _write_next(self, socket: Socket) -> None:
        greeting, window = self._greeting, self.window
        number = self._written + 1
        message = greeting
        if message is None:
            message = window.frame(number)
            # Before it is written: its confirmation may be here before the write is done.
            window.written = max(window.written, number)
        try:
            await socket.send(message)
        except SocketClosed:
            # Nothing more can be written; what came before can still be read.
            self._deaf = socket
            return
        if socket is not self._socket:
            return
        if greeting is None:
            self._written = max(self._written, number)
        else:
            self._greeting = None
        return

    def _make_room(self) -> None:
        if self.ended or not self.window.full:
            room, self._room = self._room, anyio.Event()
            room.set()


def _nothing(*_: object) -> None:
    """What is done when nobody asked for anything."""
