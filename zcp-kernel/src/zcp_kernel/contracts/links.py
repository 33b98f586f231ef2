"""How frames come and go."""

from __future__ import annotations

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


class Transport(Protocol):
    """How channels come about, client side: `connect(target)` for the URL schemes it names."""

    @property
    def name(self) -> str: ...

    @property
    def schemes(self) -> tuple[str, ...]: ...

    def connect(self, target: str, **options: Any) -> AbstractAsyncContextManager[Channel]:
        """Open a channel to `target`; leaving the context closes it and frees what it took."""
        ...
