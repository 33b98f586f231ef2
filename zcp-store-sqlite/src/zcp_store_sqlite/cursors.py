"""Cursors of the lists: the sequence number a page begins after."""

from __future__ import annotations

from typing import Any

MAX_DIGITS = 18


def after(cursor: str | None) -> int:
    """Raises `ValueError` for a cursor that was never handed out."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= MAX_DIGITS):
        raise ValueError("this cursor was never handed out")
    return int(cursor)


def page(rows: list[Any], limit: int) -> tuple[list[Any], str | None]:
    """Of `limit + 1` rows, whose first column is the sequence number, a page and the next one's
    cursor."""
    more = len(rows) > limit
    return rows[:limit], str(rows[limit - 1][0]) if more else None
