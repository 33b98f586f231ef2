"""Where the parts of a long value stand in its text, so that a page decodes its own part only.

An outline is made when a value is kept, from the value and its text together, and is stored with
them. It divides each long list or object into runs of items; an item that is long itself is a run
of its own, and is divided further.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from attrs import frozen

from ... import jsontext
from .kinds import is_object

LEVELS = 8
"""How deep long items are divided; each level costs encoding the value once."""
EFFORT = 12
"""How many times its size is encoded at most; a value that needs more goes without an outline."""
PARTS = 4
"""Runs in a page, about."""


@frozen
class Run:
    """Items in a row: the number of the first, and where in the text they begin (members of an
    object with their names). `value_at` is where the value of a single long item begins, `outline`
    its own if it was divided."""

    first: int
    start: int
    value_at: int | None = None
    outline: Outline | None = None


@frozen
class Outline:
    """A list or object: how many items it has, and its runs in order."""

    count: int
    runs: tuple[Run, ...]


def make_outline(value: Any, text: bytes, page_bytes: int) -> bytes | None:
    """The outline of a value whose JSON is `text`, packed, for reading in pages of `page_bytes`.

    None for a value that is short, no list or object, or not what this text says: the text of
    others may be spaced or written differently, and a value may have changed since it was encoded.
    """
    if len(text) <= page_bytes or text[:1] not in b"[{":
        return None
    try:
        outline = _Divider(text, page_bytes).divide(value, 0, len(text), LEVELS)
    except (_GivenUp, ValueError):
        return None
    return jsontext.redump(_packed(outline))


def unpack(packed: bytes) -> Outline:
    """An outline as it was made."""
    return _unpacked(jsontext.reload(packed))


class _GivenUp(Exception):
    """The value is not what the text says, or dividing it takes too long."""


class _Divider:
    def __init__(self, text: bytes, page_bytes: int) -> None:
        self._text = text
        self._page = page_bytes
        self._block = max(1, page_bytes // PARTS)
        self._left = EFFORT * len(text)

    def divide(self, value: Any, start: int, size: int, levels: int) -> Outline:
        """The outline of the list or object of `size` bytes that begins at `start`."""
        if not _is_plain(value):
            value = jsontext.reload(self._text[start : start + size])
        names = list(value) if is_object(value) else None
        count = len(value)
        runs: list[Run] = []
        step, at = max(1, self._block * count // size), start + 1
        for first in range(0, count, step):
            at = self._add(runs, value, names, first, min(step, count - first), at, levels)
        # Behind the last item stands a bracket instead of a comma.
        if at != start + size or not count:
            raise _GivenUp
        return Outline(count, tuple(runs))

    def _add(
        self,
        runs: list[Run],
        value: Any,
        names: list[str] | None,
        first: int,
        count: int,
        at: int,
        levels: int,
    ) -> int:
        """Add `count` items from the `first` on, which stand `at` this place; returns the place of
        the next item."""
        end = first + count
        part = value[first:end] if names is None else {n: value[n] for n in names[first:end]}
        body = jsontext.redump(part)[1:-1]
        self._left -= len(body)
        if self._left < 0 or not self._text.startswith(body, at):
            raise _GivenUp
        if len(body) <= 2 * self._block:
            runs.append(Run(first, at))
        elif count == 1:
            runs.append(self._long(first, part, names, at, len(body), levels))
        else:
            half = count // 2
            middle = self._add(runs, value, names, first, half, at, levels)
            return self._add(runs, value, names, first + half, count - half, middle, levels)
        return at + len(body) + 1

    def _long(
        self, first: int, part: Any, names: list[str] | None, at: int, size: int, levels: int
    ) -> Run:
        value_at = at if names is None else at + len(jsontext.redump(names[first])) + 1
        size -= value_at - at
        if size <= self._page or not levels or self._text[value_at : value_at + 1] not in b"[{":
            return Run(first, at, value_at)
        item = part[0] if names is None else part[names[first]]
        return Run(first, at, value_at, self.divide(item, value_at, size, levels - 1))


def _is_plain(value: Any) -> bool:
    """Whether the value has the items its text has, one by one."""
    shape = cast("Any", type(value))
    if shape is dict:
        names: Iterable[Any] = value
        return {str}.issuperset(map(type, names))
    return shape in (list, tuple)


def _packed(outline: Outline) -> list[Any]:
    return [outline.count, [_packed_run(run) for run in outline.runs]]


def _packed_run(run: Run) -> list[Any]:
    if run.value_at is None:
        return [run.first, run.start]
    inner = None if run.outline is None else _packed(run.outline)
    return [run.first, run.start, run.value_at, inner]


def _unpacked(packed: list[Any]) -> Outline:
    count, runs = packed
    return Outline(count, tuple(_unpacked_run(*run) for run in runs))


def _unpacked_run(
    first: int, start: int, value_at: int | None = None, inner: list[Any] | None = None
) -> Run:
    return Run(first, start, value_at, None if inner is None else _unpacked(inner))
