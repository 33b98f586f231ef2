"""What is still to be written, without I/O of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

Buffer = bytes | memoryview
Write = Callable[[Sequence[Buffer]], int]

MAX_BATCH = 128
"""Most lines joined in one write; well under the IOV_MAX of every system (1024 on Linux)."""


class Outbox:
    """A queue of lines; `size` is the number of bytes not yet taken by the system."""

    def __init__(self) -> None:
        self._lines: deque[Buffer] = deque()
        self.size = 0

    def append(self, line: Buffer) -> None:
        self._lines.append(line)
        self.size += len(line)

    def clear(self) -> None:
        self._lines.clear()
        self.size = 0

    def write_some(self, write: Write) -> None:
        """Hand one batch to `write`, which says how many bytes it took."""
        taken = write(list(islice(self._lines, MAX_BATCH)))
        self.size -= taken
        while taken:
            line = self._lines.popleft()
            if taken < len(line):
                self._lines.appendleft(memoryview(line)[taken:])
                return
            taken -= len(line)
