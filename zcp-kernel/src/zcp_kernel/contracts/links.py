"""How frames come and go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Channel(Protocol):
    """A duplex pipe of frames: one JSON text each, without its delimiter."""

    async def receive(self) -> bytes:
        """The next frame. Raises `anyio.EndOfStream` when the peer is done, `ParseError` for a
        frame that had to be dropped (too long); the channel stays usable after that."""
        ...

    async def send(self, frame: bytes) -> None:
        """Send one frame; waits while the peer is slow. Raises `anyio.BrokenResourceError` when
        the peer is gone. Safe to call from several tasks."""
        ...

    async def aclose(self) -> None:
        """Idempotent."""
        ...


class ExchangeChannel(Channel, Protocol):
    """A channel on which every request has an exchange of its own, as over HTTP: what becomes of
    the exchange becomes of that one request, and the channel lives on."""

    async def exchange(
        self, frame: bytes, headers: Mapping[str, str], deliver: Callable[[bytes], None]
    ) -> None:
        """Send one request and `deliver` every frame its response brings, the answer last.

        `headers` are what the dialect wants mirrored outside the body. Cancelling the caller closes
        the exchange, which is how the peer learns of it. Raises `ConnectionLost` when the exchange
        ends without the answer (`retryable`: whether sending again can do no harm).
        """
        ...


class Transport(Protocol):
    """How channels come about, client side: `connect(target)` for the URL schemes it names."""

    @property
    def name(self) -> str: ...

    @property
    def schemes(self) -> tuple[str, ...]: ...

    def connect(self, target: str, **options: Any) -> AbstractAsyncContextManager[Channel]:
        """Open a channel to `target`; leaving the context closes it and frees what it took."""
        ...
