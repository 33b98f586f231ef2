"""Views of a catalogue: what names one, and how one becomes another.

Both ends use this: the server to say what changed, the client to apply it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from .codec import PLAIN
from .errors import InvalidParams
from .jsontext import dumps
from .model import ToolDefinition

__all__ = ["apply_change", "changes", "tool_text", "view_hash"]


def tool_text(tool: ToolDefinition) -> bytes:
    """A tool as JSON, every member said, whatever dialect it came in."""
    return dumps(PLAIN.encode(tool))


def view_hash(texts: Iterable[bytes]) -> str:
    """What names a view: BLAKE2b (RFC 7693) of its tools' texts in their order, 96 bits."""
    digest = blake2b(digest_size=12)
    for text in texts:
        digest.update(text)
        digest.update(b"\n")
    return digest.hexdigest()


def changes(
    old: Sequence[tuple[str, bytes]], new: Sequence[tuple[str, bytes]]
) -> tuple[list[int], list[str]] | None:
    """What makes the view `new` of the view `old`, both as (name, text): the places of the tools to
    put into it, in order, and the names to take out of it.

    As few as there can be: of the tools that stay, the longest run that keeps its order stays
    where it is. None where a name stands in a view twice.
    """
    before = {name: (place, text) for place, (name, text) in enumerate(old)}
    after = {name for name, _ in new}
    if len(before) != len(old) or len(after) != len(new):
        return None
    kept = [
        (place, before[name][0])
        for place, (name, text) in enumerate(new)
        if name in before and before[name][1] == text
    ]
    staying = {kept[index][0] for index in _longest_rise([was for _, was in kept])}
    removed = [name for name, _ in old if name not in after]
    return [place for place in range(len(new)) if place not in staying], removed


def _longest_rise(values: Sequence[int]) -> list[int]:
    """The indices of a longest rising subsequence (patience sorting, O(n log n))."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(last[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            last.append(index)
        else:
            ends[length] = value
            last[length] = index
    found: list[int] = []
    index = last[-1] if last else -1
    while index >= 0:
        found.append(index)
        index = before[index]
    return found[::-1]


def apply_change(
    old: Sequence[tuple[str, bytes]],
    changed: Sequence[tuple[int, str, bytes]],
    removed: Iterable[str],
) -> list[tuple[str, bytes]]:
    """The view that a change makes of `old`; `changed` is (place, name, text) in order of places.
    Raises `InvalidParams` for a change that does not fit the view."""
    gone = {*removed, *(name for _, name, _ in changed)}
    staying = iter([item for item in old if item[0] not in gone])
    view: list[tuple[str, bytes]] = []
    for place, name, text in changed:
        while len(view) < place:
            item = next(staying, None)
            if item is None:
                raise InvalidParams(f"invalid:changed: there is no place {place} in the view")
            view.append(item)
        view.append((name, text))
    view.extend(staying)
    return view
