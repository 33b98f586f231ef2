"""Control messages of subprotocol `zcp`: a text message that begins with `#`, then a JSON object.

No JSON text begins so; they are told from frames by one character. docs/reference/websocket.md has
the rule.
"""

from __future__ import annotations

from typing import Any

from zcp_kernel.errors import ParseError
from zcp_kernel.jsontext import dumps, is_object, loads

__all__ = ["MARK", "NotControl", "control", "count", "read_control"]

MARK = b"#"
_MOST_BYTES = 1024


class NotControl(ValueError):
    """A control message that says nothing known."""


def control(**members: Any) -> bytes:
    return MARK + dumps(members)


def read_control(message: bytes) -> dict[str, Any]:
    """The members of a control message. Raises `NotControl`."""
    try:
        members = loads(message[1:]) if len(message) <= _MOST_BYTES else None
    except ParseError:
        members = None
    if message[:1] != MARK or not is_object(members):
        raise NotControl("a control message is '#' and a JSON object")
    return members


def count(members: dict[str, Any]) -> int:
    """`received`: how many messages the peer has got. Raises `NotControl`."""
    received = members.get("received")
    if type(received) is not int or received < 0:
        raise NotControl("received: a number of messages")
    return received
