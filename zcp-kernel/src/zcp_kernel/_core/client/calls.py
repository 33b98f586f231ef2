"""A call on its way, and the JSON-RPC members it is made of."""

from __future__ import annotations

from typing import Any

import anyio

from ...contracts import Channel


class Call:
    """A request of ours on its way; `repeatable` if it may be sent twice without harm."""

    __slots__ = ("answered", "error", "method", "repeatable", "result", "sent")

    def __init__(self, method: str, repeatable: bool) -> None:
        self.method = method
        self.repeatable = repeatable
        self.sent = False
        self.answered = anyio.Event()
        self.result: Any = None
        self.error: Exception | None = None

    def fail(self, error: Exception) -> None:
        self.error = error
        self.answered.set()


def why_gone(channel: Channel) -> str:
    reason = getattr(channel, "exit_reason", None)
    return f"the server is gone ({reason})" if reason else "the server ended the connection"


def with_token(params: dict[str, Any] | None, token: int) -> dict[str, Any]:
    members = dict(params or {})
    members["_meta"] = {**(members.get("_meta") or {}), "progressToken": token}
    return members
