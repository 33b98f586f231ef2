"""Narrowing of what applications hand over, in a form type checkers follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    """A list, a tuple or the like; not a string."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Anything to walk through; neither a string nor a mapping."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping))
