"""The values of the last few handles that were read, decoded."""

from __future__ import annotations

from typing import Any

from ... import jsontext
from ...contracts import StoredHandle


class DecodedValues:
    """Holds as many values as fit `max_bytes`, measured encoded; the least recently used goes
    first. Values are shared: nobody may change them."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._values: dict[str, tuple[Any, int]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._values)

    @property
    def bytes_held(self) -> int:
        return self._bytes

    def of(self, stored: StoredHandle) -> Any:
        """The value of a handle: bytes as they are, everything else from its JSON."""
        if stored.ref.kind == "bytes":
            return stored.data
        entry = self._values.pop(stored.ref.id, None)
        if entry is None:
            value = jsontext.reload(stored.data)
            self.put(stored.ref.id, value, len(stored.data))
            return value
        self._values[stored.ref.id] = entry
        return entry[0]

    def put(self, handle_id: str, value: Any, size: int) -> None:
        if size > self._max_bytes:
            return
        self._values[handle_id] = value, size
        self._bytes += size
        while self._bytes > self._max_bytes:
            self.drop(next(iter(self._values)))

    def drop(self, handle_id: str) -> None:
        entry = self._values.pop(handle_id, None)
        if entry is not None:
            self._bytes -= entry[1]
