"""How a guard says no."""

from __future__ import annotations

from typing import Any

from ..wire import Pairs


class Refused(Exception):
    """The request goes no further: answer with this status, message and header fields.

    `members` go into the error's `data`.
    """

    def __init__(self, status: int, message: str, *, headers: Pairs = (), **members: Any) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = tuple(headers)
        self.members = members
