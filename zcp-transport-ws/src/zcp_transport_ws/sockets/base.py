"""What every socket does: text messages only, of bounded size, sent whole and one by one."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

import anyio

from ..closing import DROPPED, INVALID_TEXT, TOO_BIG, UNSUPPORTED, Ending, SocketClosed, short

__all__ = ["CLOSE_SECONDS", "Socket"]

CLOSE_SECONDS = 2.0
"""How long a closing handshake may take."""


class Socket(ABC):
    """An open WebSocket; made inside a running event loop.

    `subprotocol` is what was agreed on. `ending` is there once it ended, and `gone` set. One task
    receives, any number may send. `writing_since` is when the message now being written was begun,
    by `time.monotonic`; None while none is.
    """

    def __init__(self, subprotocol: str | None, max_message_bytes: int) -> None:
        self.subprotocol = subprotocol
        self.ending: Ending | None = None
        self.gone = anyio.Event()
        self.writing_since: float | None = None
        self._max = max_message_bytes
        self._turn = anyio.Lock(fast_acquire=True)
        self._writing = anyio.CancelScope()

    async def receive(self) -> bytes:
        """The next message, in UTF-8. Raises `SocketClosed`; a message that is no text or too large
        closes the socket with the code for it."""
        message = await self._read()
        if isinstance(message, str):
            try:
                frame = message.encode()
            except UnicodeEncodeError:
                await self.close(INVALID_TEXT, "the text is not Unicode")
                raise self._closed() from None
            if len(frame) <= self._max:
                return frame
            await self.close(TOO_BIG, f"a message is larger than {self._max} bytes")
        else:
            await self.close(UNSUPPORTED, "send JSON in text messages")
        raise self._closed()

    async def send(self, frame: bytes) -> None:
        """Send a text message; waits while the peer is slow. Raises `SocketClosed`.

        A message that was begun is sent whole, even if the sender is cancelled: part of one would
        garble all that follow.
        """
        async with self._turn:
            if self.ending is not None:
                raise self._closed()
            self.writing_since = time.monotonic()
            try:
                with anyio.CancelScope(shield=True) as self._writing:
                    await self._write(frame)
            finally:
                self.writing_since = None
            if self._writing.cancelled_caught:
                raise self._closed()

    async def close(self, code: int, reason: str = "") -> None:
        """Close with this code, unless it has ended. Takes `CLOSE_SECONDS` at most."""
        if self.ending is not None:
            return
        self._end(Ending(code, reason, ours=True))
        with anyio.move_on_after(CLOSE_SECONDS, shield=True) as patience:
            await self._close(code, short(reason))
        if patience.cancelled_caught:
            self._cut()

    def abort(self, reason: str) -> None:
        """Cut the connection, without a closing handshake; whoever is sending learns of it."""
        self._end(Ending(DROPPED, reason, ours=True))
        self._writing.cancel()
        self._cut()

    def _end(self, ending: Ending) -> SocketClosed:
        if self.ending is None:
            self.ending = ending
            self.gone.set()
        return self._closed()

    def _closed(self) -> SocketClosed:
        assert self.ending is not None
        return SocketClosed(self.ending)

    @property
    def overloaded(self) -> bool:
        """Whether more waits to be written than any peer is granted."""
        return False

    @abstractmethod
    async def _read(self) -> str | bytes:
        """The next message, text as `str`. Raises `SocketClosed`."""

    @abstractmethod
    async def _write(self, frame: bytes) -> None:
        """Write one text message. Raises `SocketClosed`."""

    @abstractmethod
    async def _close(self, code: int, reason: str) -> None:
        """The closing handshake; must not raise."""

    @abstractmethod
    def _cut(self) -> None:
        """Drop the connection at once."""
