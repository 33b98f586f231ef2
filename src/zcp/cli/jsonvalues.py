"""Looking into JSON somebody else wrote: what is missing, or of another kind, is empty."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def members(value: Any) -> dict[str, Any]:
    """A JSON object's members."""
    return value if is_object(value) else {}


def entries(value: Any) -> list[Any]:
    """A JSON array's entries."""
    return value if is_list(value) else []
