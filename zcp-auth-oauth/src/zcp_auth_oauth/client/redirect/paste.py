"""A browser on another machine: the address is printed, and its answer pasted."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
from attrs import define, field, frozen

from ..finishing import meanwhile
from .contract import Landing
from .loopback import LoopbackRedirect, print_address

ADVICE = (
    "Is your browser on another machine? It will say that it cannot reach the last page. Copy the\n"
    "address of that page, paste it here, and press Enter.\n"
)


@frozen
class PastedRedirect:
    """A `LoopbackRedirect` that also takes the URL the browser was sent back to as a line of
    `read`, by default of standard input."""

    loopback: LoopbackRedirect = field(factory=lambda: LoopbackRedirect(print_address))
    read: Callable[[], str] = sys.stdin.readline

    @asynccontextmanager
    async def landing(self, preferred: str | None) -> AsyncGenerator[Landing]:
        async with self.loopback.landing(preferred) as landing:
            yield _Either(landing, self.read)


@define(eq=False)
class _Either:
    _landing: Landing
    _read: Callable[[], str]
    _came: str = field(default="", init=False)

    @property
    def redirect_uri(self) -> str:
        return self._landing.redirect_uri

    async def visit(self, url: str, state: str) -> str:
        with anyio.CancelScope() as visiting:
            async with meanwhile() as group:
                group.start_soon(self._pasted, visiting)
                return await self._landing.visit(url, state)
        return self._came

    async def _pasted(self, visiting: anyio.CancelScope) -> None:
        print(ADVICE, file=sys.stderr, flush=True)
        while True:
            # The thread that reads cannot be ended; it ends with its line, or the process.
            line = await anyio.to_thread.run_sync(self._read, abandon_on_cancel=True)
            if not line:
                return
            if line.strip().startswith(f"{self.redirect_uri}?"):
                self._came = line.strip()
                visiting.cancel()
                return
            if line.strip():
                print(f"That does not begin with {self.redirect_uri}", file=sys.stderr, flush=True)
