"""The event loop this runs on: asyncio, or trio where that is running."""

from __future__ import annotations

import asyncio
import sys
from typing import Protocol

from .endpoints import Endpoint
from .sink import Sink
from .thread_io import Post, ThreadSource


class Source(Protocol):
    """Where chunks of bytes come from."""

    async def read(self) -> bytes:
        """The next bytes; empty at the end of the stream, from then on always."""
        ...

    def finish(self) -> None:
        """Deliver what is already there, then the end, even if the stream stays open."""
        ...

    def release(self) -> None:
        """Whoever reads gets the end of the stream; the endpoint stays open."""
        ...

    def close(self) -> None:
        """`release`, and close the endpoint."""
        ...


def on_trio() -> bool:
    # Imported only if the program did: importing trio costs more than this whole package.
    trio = sys.modules.get("trio")
    return trio is not None and trio.lowlevel.in_trio_run()


def post() -> Post:
    """A way into the running event loop from other threads and signal handlers."""
    if on_trio():
        import trio

        return trio.lowlevel.current_trio_token().run_sync_soon
    return asyncio.get_running_loop().call_soon_threadsafe


def open_source(endpoint: Endpoint) -> Source:
    """Start reading `endpoint`; the source owns it."""
    if not endpoint.pollable:
        return ThreadSource(endpoint, post())
    if on_trio():
        from .trio_io import TrioSource

        return TrioSource(endpoint)
    from .asyncio_io import AsyncioSource

    return AsyncioSource(endpoint)


def open_sink(endpoint: Endpoint, high_water: int) -> Sink:
    """Start writing to `endpoint`; the sink owns it. Senders wait above `high_water` bytes."""
    if on_trio():
        from .trio_io import TrioSink

        return TrioSink(endpoint, high_water)
    from .asyncio_io import AsyncioSink

    return AsyncioSink(endpoint, high_water)
