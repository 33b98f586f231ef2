"""Cutting a kept value into pages of bounded size.

Rules of this file:
- A page never exceeds its budget, measured as JSON, and always gets on: the next offset is larger
  than this one, or the page fails.
- What does not fit a page as one item stands in it as `{"$handle": id, "pointer": …}`: it is read
  by that pointer. A handle's id is random and younger than its value, so no data looks like that.
- Pages of a plain read, put together, give the value back exactly.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from attrs import frozen

from ... import jsontext
from ...errors import Fault, InvalidParams
from ...model import ReadHandleResult
from .pointer import escape


@frozen
class Window:
    """Which part of a value is wanted, and how large a page may be in bytes."""

    offset: int
    limit: int | None
    budget: int


@frozen
class Place:
    """Where in which handle the value stands, for references to its parts."""

    handle: str
    pointer: str

    def reference(self, token: str | int) -> dict[str, str]:
        return {"$handle": self.handle, "pointer": f"{self.pointer}/{escape(str(token))}"}


def page_of_bytes(data: bytes, window: Window) -> ReadHandleResult:
    """Base64 of a piece; offsets count bytes."""
    longest = (window.budget - 2) // 4 * 3
    piece = data[window.offset : window.offset + _least(longest, window.limit)]
    return _page(base64.b64encode(piece).decode(), window.offset, len(piece), len(data))


def page_of_text(text: str, window: Window) -> ReadHandleResult:
    """A piece of a string; offsets count characters (code points)."""
    piece = text[window.offset : window.offset + _least(window.budget, window.limit)]
    while (size := len(jsontext.dumps(piece))) > window.budget:
        piece = piece[: len(piece) * window.budget // size]
    return _page(piece, window.offset, len(piece), len(text))


def page_of_list(
    items: list[Any],
    numbers: Sequence[int],
    window: Window,
    place: Place,
    project: Callable[[Any], Any],
) -> ReadHandleResult:
    """Some of the items that `numbers` names, each as `project` leaves it."""
    page = _Page(window.budget)
    for number in _wanted(numbers, window):
        if not page.add(project(items[number]), b"", place.reference(number)):
            break
    return _page(page.values, window.offset, len(page.values), len(numbers))


def page_of_object(members: dict[str, Any], window: Window, place: Place) -> ReadHandleResult:
    """Some members of an object, in its order."""
    page = _Page(window.budget)
    names: list[str] = []
    for name in _wanted(members, window):
        if not page.add(members[name], jsontext.dumps(name), place.reference(name)):
            break
        names.append(name)
    value = dict(zip(names, page.values, strict=True))
    return _page(value, window.offset, len(names), len(members))


class _Page:
    """Values that fit together into a budget of bytes."""

    def __init__(self, budget: int) -> None:
        self.values: list[Any] = []
        self._budget = budget
        self._left = budget - len(b"[]")

    def add(self, value: Any, name: bytes, reference: dict[str, str]) -> bool:
        """Whether the value, or the reference in its place, still fitted."""
        size = len(jsontext.dumps(value))
        if not self._fits(name, size, self._budget - len(b"[]")):
            value, size = reference, len(jsontext.dumps(reference))
        if not self._fits(name, size, self._left):
            if not self.values:
                raise _too_long(reference["pointer"])
            return False
        self.values.append(value)
        self._left -= len(name) + size + len(b":,")
        return True

    @staticmethod
    def _fits(name: bytes, size: int, room: int) -> bool:
        return len(name) + size + len(b":,") <= room


def _wanted(items: Iterable[Any], window: Window) -> Iterable[Any]:
    end = None if window.limit is None else window.offset + window.limit
    return islice(items, window.offset, end)


def _page(value: Any, offset: int, taken: int, total: int) -> ReadHandleResult:
    end = offset + taken
    return ReadHandleResult(value, total=total, next_offset=end if taken and end < total else None)


def _least(budget: int, limit: int | None) -> int:
    return budget if limit is None else min(budget, limit)


def _too_long(pointer: str) -> InvalidParams:
    message = f"the name of a member is too long for a page: {pointer[:80]}…"
    return InvalidParams(f"invalid: {message}", [Fault("pointer", "tooLong", message)])
