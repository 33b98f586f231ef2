"""What a server process says on standard error, line by line."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Awaitable, Callable

import anyio

from .backend import open_source
from .endpoints import Endpoint
from .framing import LineDecoder, TooLong

StderrHandler = Callable[[str], Awaitable[None] | None]
"""Gets each line without its newline; sync or async."""

MAX_LINE_BYTES = 64 * 1024
LAST_LINES = 5

log = logging.getLogger("zcp.stdio")


def pass_through(line: str) -> None:
    """Show a line on our own standard error."""
    print(line, file=sys.stderr, flush=True)


class StderrRelay:
    """Hands each line to a handler and remembers the last ones; the server waits while it does."""

    def __init__(self, endpoint: Endpoint, handler: StderrHandler) -> None:
        self._source = open_source(endpoint)
        self._handler = handler
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self.ended = anyio.Event()

    @property
    def last_words(self) -> str:
        """The last few lines that say something, joined by " | "."""
        return " | ".join(self._last)

    async def run(self) -> None:
        decoder = LineDecoder(MAX_LINE_BYTES)
        try:
            while chunk := await self._source.read():
                for line in decoder.feed(chunk):
                    await self._relay(line)
            for line in decoder.end():
                await self._relay(line)
        finally:
            self._source.close()
            self.ended.set()

    def finish(self) -> None:
        """Relay what is there, then end, even if a child of the server holds the stream open."""
        if not self.ended.is_set():
            self._source.finish()

    async def _relay(self, line: bytes | TooLong) -> None:
        text = (
            f"(a line longer than {MAX_LINE_BYTES} bytes)"
            if isinstance(line, TooLong)
            else line.decode("utf-8", "replace").rstrip("\r")
        )
        # Not the lines of carets that point into a traceback.
        if any(character.isalnum() for character in text):
            self._last.append(text.strip())
        try:
            waiting = self._handler(text)
            if waiting is not None:
                await waiting
        except Exception:
            log.exception("the handler of a server's standard error failed")
