"""A call on its way, and the JSON-RPC members it is made of."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from math import inf
from typing import Any

import anyio
from attrs import frozen

from ....contracts import Channel
from ....errors import DeadlineExceeded
from ...waiting import Pace


@frozen
class Deadline:
    """How long an answer may take: `seconds`, anew from every progress notice if that `extends` it,
    but `at_most` so long in all."""

    seconds: float = inf
    extends: bool = False
    at_most: float = inf


NO_DEADLINE = Deadline()


class Call:
    """A request of ours on its way; `repeatable` if it may be sent twice without harm, `due` is
    when its time is up. Whoever waits where only a scope can end the wait does so in `bounded`."""

    __slots__ = (
        "answered",
        "deadline",
        "due",
        "error",
        "last",
        "method",
        "now",
        "repeatable",
        "result",
        "scope",
        "sent",
    )

    def __init__(self, method: str, repeatable: bool, deadline: Deadline, pace: Pace) -> None:
        self.now = pace.now
        now = pace.now()
        self.method = method
        self.repeatable = repeatable
        self.deadline = deadline
        self.sent = False
        self.answered = pace.happening()
        self.result: Any = None
        self.error: Exception | None = None
        self.last = now + deadline.at_most
        self.due = min(now + deadline.seconds, self.last)
        self.scope: anyio.CancelScope | None = None

    @contextmanager
    def bounded(self) -> Generator[None]:
        """Left early when its time is up, or when it failed."""
        with anyio.CancelScope(deadline=self.due) as self.scope:
            yield
        if self.scope.cancelled_caught and not self.answered.is_set():
            self.expire()
        self.scope = None

    def fail(self, error: Exception) -> None:
        self.error = error
        self.answered.set()
        # An exchange of its own would go on without anybody to wait for it.
        if self.scope is not None:
            self.scope.cancel()

    def expire(self) -> None:
        """Its time is up."""
        self.fail(DeadlineExceeded(f"{self.method}: no answer within {self.limit:g} s"))

    def heard_of(self) -> None:
        """The server is at work on it."""
        if self.deadline.extends:
            self.due = min(self.now() + self.deadline.seconds, self.last)
            if self.scope is not None:
                self.scope.deadline = self.due

    @property
    def limit(self) -> float:
        """The seconds that were too few."""
        return min(self.deadline.seconds, self.deadline.at_most)


def why_gone(channel: Channel) -> str:
    reason = getattr(channel, "exit_reason", None)
    return f"the server is gone ({reason})" if reason else "the server ended the connection"


def with_token(params: dict[str, Any] | None, token: int) -> dict[str, Any]:
    members = dict(params or {})
    members["_meta"] = {**(members.get("_meta") or {}), "progressToken": token}
    return members
