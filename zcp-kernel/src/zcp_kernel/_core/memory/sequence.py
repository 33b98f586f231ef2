"""Cursors of the stores in this process: the sequence number a page begins after."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice


def page(
    numbered: Iterable[tuple[str, int]], cursor: str | None, limit: int
) -> tuple[list[str], str | None]:
    """Up to `limit` keys from (key, number) pairs in ascending order, and the next page's cursor.

    Raises `ValueError` for a cursor that was never handed out.
    """
    after = _read(cursor)
    found = list(islice((pair for pair in numbered if pair[1] > after), limit + 1))
    keys = [key for key, _ in found[:limit]]
    return keys, str(found[limit - 1][1]) if len(found) > limit else None


def _read(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20):
        raise ValueError("this cursor was never handed out")
    return int(cursor)
