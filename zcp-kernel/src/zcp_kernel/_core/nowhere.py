"""The channel of a client that is not there."""

from __future__ import annotations

import anyio


class Nowhere:
    """Implements `contracts.Channel`: nothing comes, and what is sent is dropped."""

    async def receive(self) -> bytes:
        """Raises `anyio.EndOfStream`."""
        raise anyio.EndOfStream

    async def send(self, frame: bytes) -> None:
        """Dropped."""

    async def aclose(self) -> None:
        """Nothing to close."""


NOWHERE = Nowhere()
