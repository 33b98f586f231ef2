"""Warnings a peer can cause any number of times: they must not fill a disk."""

from __future__ import annotations

import logging
from collections import Counter

FEW = 5
"""How often the same is told each time; after that only at 10, 100, 1,000 … times."""


class SparingLog:
    """Warnings of one connection, counted by what they say apart from its details."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._counts: Counter[str] = Counter()

    def warning(self, message: str, *details: object) -> None:
        self._counts[message] += 1
        count = self._counts[message]
        if count <= FEW:
            self._log.warning(message, *details)
        elif _is_power_of_ten(count):
            self._log.warning(f"{message} (%d times so far)", *details, count)


def _is_power_of_ten(count: int) -> bool:
    return str(count).rstrip("0") == "1"
