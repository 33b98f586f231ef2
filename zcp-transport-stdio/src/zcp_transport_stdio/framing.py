"""Newline-delimited JSON, without I/O.

MCP, basic/transports, "stdio": messages are delimited by newlines and hold none. A decoder also
takes CRLF, empty lines, a UTF-8 byte order mark, and a last line without a newline. What it makes
of a stream does not depend on how the stream was cut into chunks.
"""

from __future__ import annotations

from typing import Final

_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r"


class TooLong:
    """Stands in the stream for a line that was dropped because it was longer than the limit."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "TOO_LONG"


TOO_LONG: Final = TooLong()


class LineDecoder:
    """Cuts a byte stream into lines of at most `limit` bytes, their newline not counted.

    A longer line is dropped while it streams in: no more than `limit` bytes and one chunk are held.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._partial = bytearray()
        self._dropping = False

    def feed(self, chunk: bytes) -> list[bytes | TooLong]:
        """The lines that this chunk completes, in order."""
        first, newline, rest = chunk.partition(b"\n")
        if not newline:
            return self._hold(first)
        lines = self._finish(first)
        if rest:
            *whole, last = rest.split(b"\n")
            limit = self._limit
            lines.extend(line if len(line) <= limit else TOO_LONG for line in whole)
            if last:
                lines.extend(self._hold(last))
        return lines

    def end(self) -> list[bytes | TooLong]:
        """The last line, if the stream did not end with a newline."""
        return self._finish(b"") if self._partial or self._dropping else []

    def _hold(self, piece: bytes) -> list[bytes | TooLong]:
        if self._dropping:
            return []
        if len(self._partial) + len(piece) <= self._limit:
            self._partial += piece
            return []
        self._partial = bytearray()
        self._dropping = True
        return [TOO_LONG]

    def _finish(self, piece: bytes) -> list[bytes | TooLong]:
        if self._dropping:
            self._dropping = False
            return []
        if self._partial:
            piece = bytes(self._partial) + piece
            self._partial = bytearray()
        return [piece] if len(piece) <= self._limit else [TOO_LONG]


class FrameDecoder:
    """A `LineDecoder` whose lines are JSON texts: blank lines and byte order marks are left out."""

    def __init__(self, limit: int) -> None:
        self._lines = LineDecoder(limit)

    def feed(self, chunk: bytes) -> list[bytes | TooLong]:
        """The frames that this chunk completes, in order."""
        return _frames(self._lines.feed(chunk))

    def end(self) -> list[bytes | TooLong]:
        """The last frame, if the stream did not end with a newline."""
        return _frames(self._lines.end())


def _frames(lines: list[bytes | TooLong]) -> list[bytes | TooLong]:
    return [frame for line in lines if (frame := _tidy(line))]


def _tidy(line: bytes | TooLong) -> bytes | TooLong:
    if line is TOO_LONG or isinstance(line, TooLong):
        return line
    frame = line.strip(_BLANKS)
    return frame.removeprefix(_BOM).strip(_BLANKS) if frame[:1] == b"\xef" else frame


def encode_line(frame: bytes) -> bytes:
    """One JSON text as a line.

    A line break inside is insignificant white space there (RFC 8259, section 2: strings hold none
    unescaped), so it becomes a space.
    """
    if b"\n" in frame or b"\r" in frame:
        frame = frame.replace(b"\n", b" ").replace(b"\r", b" ")
    return frame + b"\n"
