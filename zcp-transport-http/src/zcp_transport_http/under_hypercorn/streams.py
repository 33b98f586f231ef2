"""HTTP/2 streams that were answered before their request was complete."""

from __future__ import annotations

from typing import Any

from hypercorn.protocol.h2 import H2Protocol

__all__ = ["Protocol"]


class Protocol(H2Protocol):
    """hypercorn's, which takes what comes for a stream it has answered: hypercorn ends the whole
    connection, and every other request on it (pgjones/hypercorn#334)."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.streams: Any = _Streams()


class _Streams(dict[int, Any]):
    def __missing__(self, stream_id: int) -> _Answered:
        return _ANSWERED


class _Answered:
    async def handle(self, event: object) -> None:
        """What comes too late."""


_ANSWERED = _Answered()
