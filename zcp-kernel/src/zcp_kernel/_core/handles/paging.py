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
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import frozen

from ... import jsontext
from ...errors import Fault, InvalidParams
from ...model import ReadHandleResult
from .items import Items, LongItem
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
    while (size := len(jsontext.redump(piece))) > window.budget:
        piece = piece[: len(piece) * window.budget // size]
    return _page(piece, window.offset, len(piece), len(text))


def page_of_list(
    items: Iterable[Items | LongItem],
    total: int,
    window: Window,
    place: Place,
    project: Callable[[Any], Any] | None,
) -> ReadHandleResult:
    """The first of these items of a list that fit, each as `project` leaves it; `total` are read
    in all."""
    page = _Page(window.budget, place, named=False)
    page.fill(_projected(items, project) if project else items, window.limit)
    return _page(page.values, window.offset, len(page.values), total)


def page_of_object(
    items: Iterable[Items | LongItem], total: int, window: Window, place: Place
) -> ReadHandleResult:
    """The first of these members of an object that fit."""
    page = _Page(window.budget, place, named=True)
    page.fill(items, window.limit)
    value = dict(zip(page.tokens, page.values, strict=True))
    return _page(value, window.offset, len(value), total)


def _projected(
    items: Iterable[Items | LongItem], project: Callable[[Any], Any]
) -> Iterator[Items | LongItem]:
    for some in items:
        if isinstance(some, LongItem):
            some = Items([some.token], [some.load()])
        yield Items(some.tokens, [project(value) for value in some.values])


class _Page:
    """Items that fit together into a budget of bytes."""

    def __init__(self, budget: int, place: Place, *, named: bool) -> None:
        self.tokens: list[int | str] = []
        self.values: list[Any] = []
        self._place = place
        self._named = named
        self._most = self._left = budget - len(b"[]")

    def fill(self, items: Iterable[Items | LongItem], limit: int | None) -> None:
        """Take items in order until one does not fit, or there are `limit`."""
        for some in items:
            if limit is not None and len(self.values) >= limit:
                return
            if isinstance(some, LongItem):
                some = Items([some.token], [self._shown(some)])
            elif limit is not None:
                some = some.part(0, limit - len(self.values))
            if not self._add(some):
                return

    def _shown(self, item: LongItem) -> Any:
        return self._place.reference(item.token) if item.size > self._most else item.load()

    def _add(self, some: Items) -> bool:
        """Whether all of them still fitted, measured together where they do."""
        if not some.tokens:
            return True
        size = self._size(some)
        if size <= self._left:
            self.tokens.extend(some.tokens)
            self.values.extend(some.values)
            self._left -= size
            return True
        half = len(some.tokens) // 2
        if half:
            return self._add(some.part(0, half)) and self._add(some.part(half))
        return size > self._most and self._refer(some.tokens[0])

    def _refer(self, token: int | str) -> bool:
        """Whether the reference to an item that is longer than a page still fitted."""
        reference = self._place.reference(token)
        item = Items([token], [reference])
        if self._size(item) > self._most:
            if self.values:
                return False
            raise _too_long(reference["pointer"])
        return self._size(item) <= self._left and self._add(item)

    def _size(self, some: Items) -> int:
        if self._named:
            text = jsontext.redump(dict(zip(some.tokens, some.values, strict=True)))
        else:
            text = jsontext.redump(some.values)
        return len(text) - len(b"[]") + len(b",")


def _page(value: Any, offset: int, taken: int, total: int) -> ReadHandleResult:
    end = offset + taken
    return ReadHandleResult(value, total=total, next_offset=end if taken and end < total else None)


def _least(budget: int, limit: int | None) -> int:
    return budget if limit is None else min(budget, limit)


def _too_long(pointer: str) -> InvalidParams:
    message = f"the name of a member is too long for a page: {pointer[:80]}…"
    return InvalidParams(f"invalid: {message}", [Fault("pointer", "tooLong", message)])
