"""How a check comes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

if TYPE_CHECKING:
    from .bench import Bench

Verdict = Literal["pass", "fail", "not applicable"]


class Failed(Exception):
    """The server does not do what the checklist asks; the message says what it did instead."""


class NotApplicable(Exception):
    """There is nothing to check here; the message says why."""


@frozen
class Check:
    """One line of the checklist. `run` returns what it saw, or raises `Failed` or `NotApplicable`.

    What else it raises is a failure too: the call it was making failed.
    """

    name: str
    run: Callable[[Bench], Awaitable[str]]


@frozen
class Report:
    """How one check came out, and why; `code` is the protocol's error code where one was the
    reason."""

    name: str
    verdict: Verdict
    reason: str
    code: int | None = None

    def members(self) -> dict[str, Any]:
        """As in the JSON document."""
        found = {"name": self.name, "verdict": self.verdict, "reason": self.reason}
        return found if self.code is None else {**found, "code": self.code}
