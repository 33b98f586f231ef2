"""Telling JSON values apart."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Tuples count: both engines take them for arrays."""
    return isinstance(value, (list, tuple))
