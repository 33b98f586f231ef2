"""What two ends of a session know of each other's messages, by counting them.

Messages are numbered by their order: nothing is added to them. The sender keeps each until the
receiver confirms it, and waits when it keeps too much; so whenever a socket drops, all that was not
received is still there, and both counts say what to send again. (The same way as XMPP's stream
management, XEP-0198.)
"""

from __future__ import annotations

from collections import deque

__all__ = ["CONFIRM_BYTES", "CONFIRM_FRAMES", "Window"]

CONFIRM_FRAMES = 32
CONFIRM_BYTES = 256 * 1024
"""A receiver confirms at the latest after so many messages, or bytes."""


class Window:
    """Counts both directions, and keeps what was sent and not confirmed.

    `sent` are all frames handed over, `written` the most that ever reached a socket, `confirmed`
    those the peer says it has; `received` came from the peer.
    It is `full` with `max_frames` or `max_bytes`; whoever sends then has to wait, so it holds that
    much and one frame at most.
    """

    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._kept: deque[bytes] = deque()
        self.size = 0
        self.written = 0
        self.confirmed = 0
        self.received = 0
        self._told = 0
        self._bytes_untold = 0

    @property
    def sent(self) -> int:
        """How many were sent, or are about to be."""
        return self.confirmed + len(self._kept)

    @property
    def full(self) -> bool:
        return len(self._kept) >= self._max_frames or self.size >= self._max_bytes

    def add(self, frame: bytes) -> None:
        """The next frame that is sent."""
        self._kept.append(frame)
        self.size += len(frame)

    def frame(self, number: int) -> bytes:
        """A frame that is not confirmed yet; the first has number 1."""
        return self._kept[number - self.confirmed - 1]

    def confirm(self, count: int) -> None:
        """The peer has received so many. Raises `ValueError` for a count that cannot be."""
        if not self.confirmed <= count <= self.written:
            raise ValueError(
                f"{count} messages cannot have been received: {self.confirmed} were confirmed "
                f"before, {self.written} sent"
            )
        for _ in range(count - self.confirmed):
            self.size -= len(self._kept.popleft())
        self.confirmed = count

    def took(self, frame: bytes) -> bool:
        """A frame came; whether it is time to tell the peer."""
        self.received += 1
        self._bytes_untold += len(frame)
        untold = self.received - self._told
        return untold >= CONFIRM_FRAMES or self._bytes_untold >= CONFIRM_BYTES

    def told(self) -> int:
        """The count the peer is told now."""
        self._told = self.received
        self._bytes_untold = 0
        return self.received
