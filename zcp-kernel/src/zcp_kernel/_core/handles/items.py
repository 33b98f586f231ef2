"""Items of a list or members of an object, some at a time, as pages are made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import frozen

AT_ONCE = 64


@frozen
class Items:
    """Some in a row: their numbers or names, and what they are."""

    tokens: Sequence[int | str]
    values: Sequence[Any]

    def part(self, start: int, end: int | None = None) -> Items:
        return Items(self.tokens[start:end], self.values[start:end])


@frozen
class LongItem:
    """One that is decoded only if it is wanted: `size` is that of its JSON."""

    token: int | str
    size: int
    load: Callable[[], Any]


def items_of_list(
    values: Sequence[Any], numbers: Sequence[int], offset: int
) -> Iterator[Items | LongItem]:
    """Of a list the items `numbers` names, from the place `offset` in it on."""
    for start in range(offset, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        yield Items(some, [values[number] for number in some])


def items_of_object(members: dict[str, Any], offset: int) -> Iterator[Items | LongItem]:
    """Of an object the members from number `offset` on, in its order."""
    names = list(members)
    for start in range(offset, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        yield Items(some, [members[name] for name in some])
