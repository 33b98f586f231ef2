"""Results kept for as long as their server allows (MCP 2026-07-28, server/utilities/caching)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from attrs import frozen

from ....jsontext import dumps, is_object, loads
from ....model import PromptListChanged, ResourceListChanged, ResourceUpdated, ToolListChanged

CACHEABLE = frozenset(
    {"tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"}
)
MOST_ENTRIES = 512
MOST_BYTES = 32 * 1024 * 1024

_CHANGED: dict[type, tuple[str, ...]] = {
    ToolListChanged: ("tools/list",),
    PromptListChanged: ("prompts/list",),
    ResourceListChanged: ("resources/list", "resources/templates/list"),
}


@frozen
class _Entry:
    operation: str
    uri: str | None
    body: bytes
    until: float


class ResponseCache:
    """Of one session, so that nothing is ever shown to anybody else, whatever its scope. The
    entries used last are kept, up to `MOST_ENTRIES` and `MOST_BYTES`."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._bytes = 0
        self._changes = 0

    @property
    def changes(self) -> int:
        """How often something was told to have changed: a result asked for before is stale."""
        return self._changes

    def find(self, operation: str, params: dict[str, Any] | None) -> Any:
        """The result as it came, decoded anew; None if there is none that is fresh."""
        if operation not in CACHEABLE or not self._entries:
            return None
        key = _key(operation, params)
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= self._now():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return loads(entry.body)

    def keep(
        self, operation: str, params: dict[str, Any] | None, result: Any, changes: int
    ) -> None:
        """Keep a result if it may be kept, unless something changed since it was asked for (when
        there had been `changes`)."""
        if operation not in CACHEABLE or changes != self._changes:
            return
        key = _key(operation, params)
        self._drop(key)
        ttl = result.get("ttlMs") if is_object(result) else None
        if type(ttl) is not int or ttl <= 0:
            return
        body = dumps(result)
        uri = (params or {}).get("uri")
        until = self._now() + ttl / 1000
        self._entries[key] = _Entry(operation, uri, body, until)
        self._bytes += len(body)
        while len(self._entries) > MOST_ENTRIES or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._entries)))

    def heard(self, notice: Any) -> None:
        """Drop what a notice says has changed."""
        if isinstance(notice, ResourceUpdated):
            uri = notice.uri
            self._changed(lambda entry: entry.uri is not None and _within(entry.uri, uri))
        elif type(notice) in _CHANGED:
            self.drop(*_CHANGED[type(notice)])

    def drop(self, *operations: str) -> None:
        """Drop every result of these operations."""
        self._changed(lambda entry: entry.operation in operations)

    def clear(self) -> None:
        """Drop everything."""
        self._changed(lambda entry: True)

    def _changed(self, concerned: Callable[[_Entry], bool]) -> None:
        self._changes += 1
        for key in [key for key, entry in self._entries.items() if concerned(entry)]:
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= len(entry.body)


def _key(operation: str, params: dict[str, Any] | None) -> bytes:
    """What the result depends on: nothing in `_meta` does."""
    members = {name: value for name, value in (params or {}).items() if name != "_meta"}
    return dumps([operation, sorted(members.items())])


def _within(uri: str, changed: str) -> bool:
    """Whether a change of `changed` may be one of `uri`: a notice may name what holds it."""
    return uri == changed or uri.startswith(changed.rstrip("/") + "/")
