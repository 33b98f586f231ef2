"""Reading a long value by its outline: only what is asked for is decoded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

from ... import jsontext
from ...errors import NotFound
from .items import Items, LongItem
from .outline import Outline, Run, unpack
from .pointer import follow, index_of, tokens_of

_FIRST = attrgetter("first")
_START = attrgetter("start")


class Outlined:
    """A list or object that stands in `text` from `start` to `end`."""

    def __init__(self, text: bytes, outline: Outline, start: int, end: int) -> None:
        self._text = text
        self._runs: Sequence[Run] = outline.runs
        self._start = start
        self._end = end
        self.count = outline.count
        self.is_object = text[start : start + 1] == b"{"

    @property
    def text(self) -> bytes:
        """Its JSON."""
        return self._text[self._start : self._end]

    def whole(self) -> Any:
        """All of it, decoded."""
        return jsontext.reload(self.text)

    def items(self, offset: int) -> Iterator[Items | LongItem]:
        """Its items from number `offset` on."""
        at = max(0, bisect_right(self._runs, offset, key=_FIRST) - 1)
        while at < len(self._runs) and offset < self.count:
            run = self._runs[at]
            if run.value_at is None:
                yield self._decoded(at).part(max(0, offset - run.first))
            else:
                size = self._end_of(at) - run.value_at
                yield LongItem(self._token(run), size, partial(self._long, at))
            at += 1

    def at(self, token: str) -> Any:
        """The item of this number or the member of this name, an `Outlined` if it has an outline of
        its own. Raises `KeyError`."""
        if self.is_object:
            return self._member(token)
        number = index_of(token, self.count)
        if number is None:
            raise KeyError(token)
        at = bisect_right(self._runs, number, key=_FIRST) - 1
        run = self._runs[at]
        if run.value_at is None:
            return self._decoded(at).values[number - run.first]
        return self._inner(at)

    def _member(self, name: str) -> Any:
        sought = jsontext.redump(name) + b":"
        found = self._text.find(sought, self._start, self._end)
        # The same text may stand within a string or deeper down: what was found is only where the
        # member may be.
        while found >= 0:
            at = bisect_right(self._runs, found, key=_START) - 1
            run = self._runs[at]
            if run.value_at is None:
                items = self._decoded(at)
                if name in items.tokens:
                    return items.values[items.tokens.index(name)]
            elif found == run.start:
                return self._inner(at)
            found = self._text.find(sought, self._end_of(at), self._end)
        raise KeyError(name)

    def _decoded(self, at: int) -> Items:
        run = self._runs[at]
        body = self._text[run.start : self._end_of(at)]
        if self.is_object:
            members: dict[str, Any] = jsontext.reload(b"{" + body + b"}")
            return Items(tuple(members), tuple(members.values()))
        values: list[Any] = jsontext.reload(b"[" + body + b"]")
        return Items(range(run.first, run.first + len(values)), values)

    def _inner(self, at: int) -> Any:
        run = self._runs[at]
        if run.outline is None or run.value_at is None:
            return self._long(at)
        return Outlined(self._text, run.outline, run.value_at, self._end_of(at))

    def _long(self, at: int) -> Any:
        return jsontext.reload(self._text[self._runs[at].value_at : self._end_of(at)])

    def _token(self, run: Run) -> int | str:
        if not self.is_object or run.value_at is None:
            return run.first
        name: str = jsontext.reload(self._text[run.start : run.value_at - 1])
        return name

    def _end_of(self, at: int) -> int:
        """Where the text of a run ends, before the comma or the last bracket."""
        following = at + 1
        end = self._runs[following].start if following < len(self._runs) else self._end
        return end - 1


def located(text: bytes, outline: bytes, pointer: str) -> Any:
    """What `pointer` points at in a value: an `Outlined` where that is long, else decoded.

    Raises `InvalidParams` for what is no JSON Pointer, `NotFound` where it points at nothing.
    """
    tokens = tokens_of(pointer)
    part: Any = Outlined(text, unpack(outline), 0, len(text))
    for number, token in enumerate(tokens):
        if not isinstance(part, Outlined):
            return follow(part, tokens[number:], pointer)
        try:
            part = part.at(token)
        except KeyError:
            raise NotFound("pointer", pointer) from None
    return part
