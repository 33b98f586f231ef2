"""Server-sent events as bytes (WHATWG HTML, "Server-sent events")."""

from __future__ import annotations

from attrs import frozen

__all__ = ["COMMENT", "CONTENT_TYPE", "HEADERS", "Event", "EventParser", "encode_event"]

CONTENT_TYPE = b"text/event-stream"
HEADERS = (
    (b"content-type", CONTENT_TYPE),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)
MAX_RETRY_DIGITS = 12
COMMENT = b":\n\n"
"""Says nothing: keeps a connection open."""


def encode_event(
    data: bytes, *, id: str | None = None, retry: int | None = None, name: str | None = None
) -> bytes:
    """One event. `retry` is in milliseconds; `name` None is a "message"."""
    lines: list[bytes] = []
    if name is not None:
        lines.append(b"event: " + name.encode())
    if id is not None:
        lines.append(b"id: " + id.encode())
    if retry is not None:
        lines.append(b"retry: %d" % retry)
    if b"\n" in data or b"\r" in data:
        unified = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        data = unified.replace(b"\n", b"\ndata: ")
    lines.append(b"data: " + data)
    return b"\n".join(lines) + b"\n\n"


@frozen
class Event:
    """One event as read. `id` is the last one the stream named, `retry` (milliseconds) that of this
    very event."""

    data: bytes
    name: str = "message"
    id: str | None = None
    retry: int | None = None


class EventParser:
    """Bytes in, events out, whatever the pieces are cut into.

    Events with an id or a retry and no data are given too (WHATWG would not dispatch them): they
    are what a reader can resume from. `comments` counts the comments there were.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._data: list[bytes] = []
        self._name = "message"
        self._id: str | None = None
        self._retry: int | None = None
        self._said = False
        self.comments = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that are complete now."""
        self._rest.append(chunk)
        if b"\n" not in chunk and b"\r" not in chunk:
            # Joined only when a line ends, or a long one would be copied once for every piece.
            return []
        lines = b"".join(self._rest).splitlines(keepends=True)
        # A piece that ends in CR may be half of a CR LF.
        self._rest = [lines.pop()] if not lines[-1].endswith(b"\n") else []
        events = [self._line(line.rstrip(b"\r\n")) for line in lines]
        return [event for event in events if event is not None]

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        if not name:
            self.comments += 1
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id, self._said = value.decode("utf-8", "replace"), True
        elif name == b"retry" and value.isdigit() and len(value) <= MAX_RETRY_DIGITS:
            self._retry, self._said = int(value), True
        return None

    def _dispatch(self) -> Event | None:
        event = None
        if self._data or self._said:
            event = Event(b"\n".join(self._data), self._name, self._id, self._retry)
        self._data, self._name, self._retry, self._said = [], "message", None, False
        return event
