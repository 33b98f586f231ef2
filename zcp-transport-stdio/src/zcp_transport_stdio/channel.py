"""A channel of JSON lines over two endpoints."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import anyio
from anyio.lowlevel import checkpoint
from zcp_kernel.errors import ParseError

from .backend import open_sink, open_source
from .config import StdioConfig
from .endpoints import Endpoint
from .framing import FrameDecoder, TooLong, encode_line

SENDS_PER_TURN = 64
"""A sender whose lines all go out at once lets other tasks run this often."""

FLUSH_SECONDS = 1.0
"""How long closing waits for a reader to take what is queued."""


class StdioChannel:
    """One JSON text per line, read from `source` and written to `sink`.

    Implements `zcp_kernel.contracts.Channel`; made inside a running event loop, asyncio or trio.
    One task receives; any number may send.
    """

    exit_reason: str | None = None

    def __init__(
        self,
        source: Endpoint,
        sink: Endpoint,
        config: StdioConfig | None = None,
        *,
        on_end: Callable[[], object] | None = None,
    ) -> None:
        """`on_end` is called once, when the peer's last byte has been read."""
        config = config or StdioConfig()
        self._on_end = on_end
        self._source = open_source(source)
        self._sink = open_sink(sink, config.max_queued_bytes)
        self._limit = config.max_line_bytes
        self._decoder = FrameDecoder(config.max_line_bytes)
        self._frames: deque[bytes | TooLong] = deque()
        self._ended = False
        self._closed = False
        self._sent = 0

    async def receive(self) -> bytes:
        """The next frame, without surrounding white space.

        Raises `anyio.EndOfStream` when the peer is done or this end is closed, and `ParseError` in
        place of a line longer than `max_line_bytes`, after which the channel goes on. Frames that
        came in one chunk are returned without giving way to other tasks.
        """
        while not self._frames:
            if self._ended:
                raise anyio.EndOfStream
            self._accept(await self._source.read())
        frame = self._frames.popleft()
        if isinstance(frame, TooLong):
            raise ParseError(f"invalid: a line is longer than the limit of {self._limit} bytes")
        return frame

    async def send(self, frame: bytes) -> None:
        """Send one JSON text; waits while the reader is `max_queued_bytes` behind.

        Raises `anyio.BrokenResourceError` when the peer is gone or this end is closed. A frame is
        sent whole or not at all: one whose sender is cancelled while it waits still goes out.
        """
        self._sent += 1
        if self._sent % SENDS_PER_TURN == 0:
            await checkpoint()
        if self._closed:
            raise anyio.BrokenResourceError
        self._sink.put(encode_line(frame))
        if self._sink.crowded:
            await self._sink.room()

    def send_now(self, frame: bytes) -> bool:
        """See `zcp_kernel.contracts.PromptChannel`."""
        if self._closed or self._sink.crowded:
            return False
        try:
            self._sink.put(encode_line(frame))
        except anyio.BrokenResourceError:
            # `send` says why.
            return False
        return True

    def end_input(self) -> None:
        """Deliver what has come in so far, then the end of the stream."""
        self._source.finish()

    async def aclose(self) -> None:
        """Write out what is queued, for `FLUSH_SECONDS` at most, and close. Idempotent."""
        if self._closed:
            return
        self._closed = True
        try:
            with anyio.move_on_after(FLUSH_SECONDS):
                await self._sink.flushed()
        finally:
            self._ended = True
            self._frames.clear()
            self._sink.close()
            self._close_source()

    def _close_source(self) -> None:
        self._source.close()

    def _accept(self, chunk: bytes) -> None:
        if chunk:
            self._frames.extend(self._decoder.feed(chunk))
        else:
            self._ended = True
            self._frames.extend(self._decoder.end())
            if self._on_end is not None:
                self._on_end()
