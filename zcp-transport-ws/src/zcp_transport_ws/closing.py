"""How a socket ends: close codes (RFC 6455, section 7.4), and ours."""

from __future__ import annotations

from attrs import frozen

NORMAL = 1000
GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
UNSUPPORTED = 1003
NO_CODE = 1005
"""A close frame without a code; never sent."""
DROPPED = 1006
"""The connection was lost without a close frame; never sent."""
INVALID_TEXT = 1007
POLICY = 1008
TOO_BIG = 1009
INTERNAL_ERROR = 1011
TRY_AGAIN = 1013
NO_SESSION = 4404
TAKEN_OVER = 4409

_LONGEST_REASON = 123


@frozen
class Ending:
    """A close code and its reason; `ours` if this end decided it."""

    code: int
    reason: str = ""
    ours: bool = False

    @property
    def dropped(self) -> bool:
        """Whether the socket was lost rather than closed."""
        return self.code == DROPPED

    def __str__(self) -> str:
        if self.dropped:
            return self.reason or "the connection was lost"
        return (
            f"closed with {self.code}: {self.reason}"
            if self.reason
            else (f"closed with {self.code}")
        )


class SocketClosed(Exception):
    """Nothing goes over this socket any more."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(str(ending))
        self.ending = ending


def short(reason: str) -> str:
    """As much of a reason as a close frame has room for (RFC 6455, section 5.5)."""
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
