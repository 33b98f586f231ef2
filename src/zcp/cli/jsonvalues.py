"""Looking into JSON that somebody else wrote: what is not there, or is of another kind, is empty."""

from __future__ import annotations

from typing import Any, TypeGuard, cast


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def members(value: Any) -> dict[str, Any]:
    """A JSON object's members."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def entries(value: Any) -> list[Any]:
    """A JSON array's entries."""
    return cast(list[Any], value) if isinstance(value, list) else []
