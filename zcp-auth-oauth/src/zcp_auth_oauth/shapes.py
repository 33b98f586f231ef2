"""JSON from elsewhere, in the shape it should have."""

from __future__ import annotations

from typing import Any, TypeGuard


def items_of(value: Any) -> list[Any]:
    """A list as it is; anything else has no items."""
    return value if _is_list(value) else []


def members_of(value: Any) -> dict[str, Any]:
    """An object as it is; anything else has no members."""
    return value if _is_object(value) else {}


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [one for one in items_of(value) if _is_object(one)]


def strings_of(value: Any) -> list[str]:
    """The strings of a list."""
    return [one for one in items_of(value) if isinstance(one, str)]


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
