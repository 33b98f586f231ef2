"""Event streams as a client reads them: where they can be resumed, and when they are dead."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from random import uniform

import anyio

from ..sse import Event, EventParser
from .http import HTTPResponse

__all__ = ["MAX_MESSAGE_BYTES", "Cursor", "Patience", "TooLarge", "backoff_seconds", "read_events"]

DEFAULT_RETRY_MS = 1000
MAX_RETRY_MS = 24 * 3600 * 1000
MAX_MESSAGE_BYTES = 256 * 1024 * 1024
MIN_SILENCE_SECONDS = 30.0
SILENT_INTERVALS = 3
FIRST_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 30.0
JITTER = 0.5


class TooLarge(Exception):
    """A message larger than any that is meant well."""

    def __init__(self) -> None:
        super().__init__(f"the server's message is larger than {MAX_MESSAGE_BYTES} bytes")


class Cursor:
    """Where a stream can be resumed: after event `id`, `retry_ms` from its loss."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.retry_ms = DEFAULT_RETRY_MS

    def note(self, event: Event) -> None:
        self.id = event.id or self.id
        if event.retry is not None:
            self.retry_ms = min(event.retry, MAX_RETRY_MS)

    @property
    def field(self) -> str:
        """The id as a header field carries it: the bytes of its UTF-8, one character each (WHATWG
        HTML, "Last-Event-ID")."""
        return (self.id or "").encode().decode("latin-1")


class Patience:
    """How long a stream may be silent.

    For as long as it likes, until comments show that its server keeps it alive; from then on, three
    times the longest pause there was before a comment, and half a minute at least. So a half-open
    connection is found without cutting off servers that never promised to say anything.
    """

    def __init__(self, least: float = MIN_SILENCE_SECONDS) -> None:
        self._least = least
        self._pause: float | None = None
        self._last = anyio.current_time()

    @property
    def seconds(self) -> float | None:
        """The longest silence from now on; None for any."""
        return None if self._pause is None else max(self._least, SILENT_INTERVALS * self._pause)

    def heard(self, *, comment: bool) -> None:
        now = anyio.current_time()
        if comment:
            self._pause = max(self._pause or 0.0, now - self._last)
        self._last = now


async def read_events(response: HTTPResponse, patience: Patience) -> AsyncGenerator[Event]:
    """The events of a response. Raises `OSError` when the connection breaks, or is silent for
    longer than `patience` allows, `TooLarge` for an event that never ends."""
    parser, size = EventParser(), 0
    chunks = response.chunks
    while True:
        comments = parser.comments
        try:
            with anyio.fail_after(patience.seconds):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            silence = f"nothing came for {patience.seconds:g} s, not even what keeps it alive"
            raise ConnectionError(silence) from None
        events = parser.feed(chunk)
        size = 0 if events else size + len(chunk)
        if size > MAX_MESSAGE_BYTES:
            raise TooLarge
        patience.heard(comment=parser.comments > comments)
        for event in events:
            yield event


def backoff_seconds(failures: int) -> float:
    """The pause after so many failures in a row: doubling from a tenth of a second up to half a
    minute, shortened at random so that the clients of one server do not come back as one."""
    pause = min(FIRST_PAUSE_SECONDS * (1 << min(failures, 16)), MAX_PAUSE_SECONDS)
    return pause * uniform(1 - JITTER, 1)
