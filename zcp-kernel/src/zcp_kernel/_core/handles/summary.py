"""What a handle's value is, in a few words for a model."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from .kinds import is_list, is_object

_SAMPLE = 50
_KEYS = 8
_KEY_LENGTH = 40

_NAMES: dict[type, tuple[str, str]] = {
    dict: ("object", "objects"),
    list: ("list", "lists"),
    str: ("string", "strings"),
    bool: ("boolean", "booleans"),
    int: ("number", "numbers"),
    float: ("number", "numbers"),
    type(None): ("null", "nulls"),
}


def kind_of(value: Any) -> str:
    """`list`, `object`, `string`, `number`, `boolean`, `null` or `bytes`."""
    return "bytes" if isinstance(value, bytes) else _names_of(value)[0]


def _names_of(value: Any) -> tuple[str, str]:
    """Singular and plural; of what is no JSON but can be encoded as it too."""
    names = _NAMES.get(type(value))  # pyright: ignore[reportUnknownArgumentType]
    if names is not None:
        return names
    if isinstance(value, (list, tuple, set, frozenset)):
        return _NAMES[list]
    if isinstance(value, (str, int, float)):
        return _NAMES[str if isinstance(value, str) else float]
    return _NAMES[dict]


def count_of(value: Any) -> int:
    """Items of a list, members of an object, characters of a string, bytes; 1 for a scalar."""
    return 1 if value is None or isinstance(value, (bool, int, float)) else len(value)


def summarize(value: Any) -> str:
    """Such as "list of 1000 objects with keys a, b"."""
    if is_list(value):
        return _list(value)
    if is_object(value):
        return f"object with {_plural(len(value), 'member')}{_keys(': ', value)}"
    if isinstance(value, str):
        return f"string of {_plural(len(value), 'character')}"
    if isinstance(value, bytes):
        return _plural(len(value), "byte")
    return kind_of(value)


def _list(items: list[Any]) -> str:
    if not items:
        return "empty list"
    sample = items[:_SAMPLE]
    names = {_names_of(item) for item in sample}
    if len(names) != 1:
        return f"list of {_plural(len(items), 'item')} of several types"
    singular, plural = names.pop()
    text = f"list of {len(items)} {singular if len(items) == 1 else plural}"
    if singular != "object":
        return text
    return text + _keys(
        " with keys ", dict.fromkeys(key for item in sample if is_object(item) for key in item)
    )


def _keys(lead: str, keys: Iterable[Any]) -> str:
    first = [_short(str(key)) for key in islice(keys, _KEYS + 1)]
    if not first:
        return ""
    return lead + ", ".join(first[:_KEYS]) + (", …" if len(first) > _KEYS else "")


def _short(key: str) -> str:
    return key if len(key) <= _KEY_LENGTH else key[: _KEY_LENGTH - 1] + "…"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
