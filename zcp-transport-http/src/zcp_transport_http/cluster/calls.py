"""What becomes of calls whose process ended while it ran them: their answer is an error.

Rules of this file:
- A call whose answer goes to a stream is written down before it begins, with the ids it answers.
- Its answer is decided by the log: the first to write a stream's last event has answered. So a
  process that ended just after its answer has answered, and nobody gets two.
- A process that is only stopping still answers: an error takes the place of an answer once the
  process is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zcp_kernel.contracts import StoredCall
from zcp_kernel.errors import INTERNAL_ERROR
from zcp_kernel.jsontext import dumps, loads

if TYPE_CHECKING:
    from zcp_kernel.contracts import EventLog, SessionStore

    from .living import Living

__all__ = ["INTERRUPTED", "Calls"]

INTERRUPTED = (
    "interrupted: the process that ran this call ended before its answer; what it had done by then "
    "is not known"
)


class Calls:
    """The streams of this server's sessions that answer calls."""

    def __init__(self, store: SessionStore, log: EventLog, living: Living) -> None:
        self._store = store
        self._log = log
        self._living = living
        self._left: dict[str, dict[int, StoredCall]] = {}

    async def begin(
        self, session_id: str, stream: int, ids: Sequence[Any], key: str | None
    ) -> None:
        """Write down what a stream of a session will answer."""
        call = StoredCall(stream, self._living.worker, dumps(list(ids)), key)
        await self._store.begin(session_id, call)

    def inherit(self, session_id: str, calls: Sequence[StoredCall]) -> None:
        """These calls of a session were run elsewhere, and may never have been answered."""
        self._left[session_id] = {call.stream: call for call in calls}

    def drop(self, session_id: str) -> None:
        """The session has ended here."""
        self._left.pop(session_id, None)

    async def settle(self, session_id: str, stream: int) -> None:
        """See that a stream somebody comes back for is answered, if its process no longer can."""
        left = self._left.get(session_id, {})
        call = left.get(stream)
        if call is None or self._living.lives(call.worker):
            return
        try:
            await self._log.append(session_id, stream, _errors(loads(call.ids)), last=True)
        except ValueError:
            # It was answered.
            pass
        left.pop(stream, None)


def _errors(ids: list[Any]) -> bytes:
    error = {"code": INTERNAL_ERROR, "message": INTERRUPTED}
    frames = [{"jsonrpc": "2.0", "id": each, "error": error} for each in ids]
    return dumps(frames[0] if len(frames) == 1 else frames)
