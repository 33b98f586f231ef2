"""The first of a kept value, so that a reader knows what it looks like."""

from __future__ import annotations

from typing import Any

from ... import jsontext
from .kinds import is_list, is_object

MOST_ITEMS = 3


def preview(value: Any, most_bytes: int) -> Any:
    """The first items of a list, members of an object or characters of a string that fit, measured
    as JSON; None if nothing does. It shares nothing with the value."""
    shown = _first(value, most_bytes - len(b"[]"))
    return jsontext.reload(jsontext.dumps(shown)) if shown else None


def _first(value: Any, left: int) -> Any:
    if is_list(value):
        items: list[Any] = []
        for item in value[:MOST_ITEMS]:
            left -= len(jsontext.dumps(item)) + len(b",")
            if left < 0:
                break
            items.append(item)
        return items
    if is_object(value):
        return _members(value, left)
    return _text(value, left) if isinstance(value, str) else None


def _members(value: dict[str, Any], left: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, member in value.items():
        size = len(jsontext.dumps(name)) + len(jsontext.dumps(member)) + len(b":,")
        if size <= left:
            kept[name] = member
            left -= size
    return kept


def _text(text: str, left: int) -> str:
    piece = text[: max(0, left)]
    while piece and (size := len(jsontext.dumps(piece)) - 2) > left:
        piece = piece[: len(piece) * left // size]
    return piece
