"""A redirect to a URL of our own: for programs that have a web address, or a browser at hand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from attrs import frozen

from .contract import Landing


@frozen
class CallbackRedirect:
    """Users come back to `redirect_uri`, which the program serves itself; `send` sends one to a
    URL, and returns the URL the browser is sent back to, as a whole."""

    redirect_uri: str
    send: Callable[[str], Awaitable[str]]

    @asynccontextmanager
    async def landing(self, preferred: str | None) -> AsyncGenerator[Landing]:
        yield self

    async def visit(self, url: str, state: str) -> str:
        return await self.send(url)
