"""What was fetched lately."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from attrs import define, field

from .guard import FetchRefused
from .https import Fetcher

MIN_SECONDS, MAX_SECONDS = 10.0, 86_400.0
MISS_SECONDS = 5.0
"""How long a failure is remembered: somebody else's broken server is not asked again for each
request."""

MOST_ENTRIES = 1000

MOST_AT_ONCE = 4
PATIENCE_SECONDS = 1.0
"""Strangers choose what is fetched: slow servers of theirs never hold all of our threads."""


@define
class _Entry:
    value: dict[str, Any] | None
    why: str
    fetched: float
    until: float


@define(eq=False)
class DocumentCache:
    """Documents by URL, each fetched by one thread at a time and kept as long as its server says,
    within bounds, or `default_seconds`. `clock` gives seconds."""

    fetcher: Fetcher
    default_seconds: float = 600.0
    clock: Callable[[], float] = time.monotonic
    _entries: dict[str, _Entry] = field(factory=dict[str, _Entry], init=False)
    _locks: list[threading.Lock] = field(
        factory=lambda: [threading.Lock() for _ in range(64)], init=False
    )
    _fetching: threading.Semaphore = field(
        factory=lambda: threading.Semaphore(MOST_AT_ONCE), init=False
    )

    def get(self, url: str, *, newer_than: float | None = None) -> dict[str, Any]:
        """The document; `newer_than` asks for one fetched after that time, by the clock, but not
        within `MIN_SECONDS` of the last. Raises `FetchRefused`."""
        entry = self._fresh(url, newer_than)
        if entry is not None:
            return _given(entry)
        lock = self._locks[hash(url) % len(self._locks)]
        if not lock.acquire(timeout=PATIENCE_SECONDS):
            raise FetchRefused("it is being fetched already; try again")
        try:
            return _given(self._fresh(url, newer_than) or self._fetch(url, self.clock()))
        finally:
            lock.release()

    def _fresh(self, url: str, newer_than: float | None) -> _Entry | None:
        entry, now = self._entries.get(url), self.clock()
        if entry is None or now >= entry.until:
            return None
        stale = newer_than is not None and entry.fetched <= newer_than
        return None if stale and now - entry.fetched >= MIN_SECONDS else entry

    def _fetch(self, url: str, now: float) -> _Entry:
        if not self._fetching.acquire(blocking=False):
            raise FetchRefused("too much is being fetched; try again")
        try:
            document = self.fetcher.get(url)
        except FetchRefused as refused:
            entry = _Entry(None, str(refused), now, now + MISS_SECONDS)
        else:
            age = self.default_seconds if document.max_age is None else document.max_age
            until = now + min(max(age, MIN_SECONDS), MAX_SECONDS)
            entry = _Entry(document.value, "", now, until)
        finally:
            self._fetching.release()
        if len(self._entries) >= MOST_ENTRIES:
            self._entries.pop(next(iter(self._entries)), None)
        self._entries[url] = entry
        return entry


def _given(entry: _Entry) -> dict[str, Any]:
    if entry.value is None:
        raise FetchRefused(entry.why)
    return entry.value
