"""One thread's connection, and the file it is to."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from zcp_kernel.errors import ZCPError

from .opening import opened

__all__ = ["FileConnection", "StoreError", "told"]

BESIDE = ("-wal", "-shm")
"""The files SQLite keeps beside one in WAL mode."""


class StoreError(ZCPError):
    """The file cannot be used: the message says why and what to do."""


class FileConnection:
    """Opened when first needed, and anew when another file took the place of the one it is to."""

    def __init__(self, path: Path, busy_timeout: float, max_bytes: int | None) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._max_bytes = max_bytes
        self._file: tuple[int, int] | None = None
        self._beside: dict[str, tuple[int, int] | None] = {}
        self.open: sqlite3.Connection | None = None

    def get(self) -> sqlite3.Connection:
        """Raises `sqlite3.Error`, and `StoreError` once for a file that was removed or replaced."""
        if self.open is not None and _identity(self.path) != self._file:
            self.close()
            self._remove_leftovers()
            raise StoreError(
                f"store:replaced: {self.path} was removed or replaced while in use; what it held "
                "is no longer served. The next request uses the file that is there"
            )
        if self.open is None:
            self.open = opened(self.path, self._busy_timeout, self._max_bytes)
            self._file = _identity(self.path)
            self._beside = {name: _identity(self._named(name)) for name in BESIDE}
        return self.open

    def close(self) -> None:
        """Idempotent."""
        if self.open is not None:
            self.open.close()
            self.open = None

    def _remove_leftovers(self) -> None:
        """What lies beside the file is of the one that was: SQLite would play its log into the one
        that is there now. Another process may have seen to it before; then it is not what we knew.
        """
        for name, known in self._beside.items():
            path = self._named(name)
            if known is not None and _identity(path) == known:
                path.unlink(missing_ok=True)

    def _named(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def told(path: Path, error: Exception) -> StoreError:
    """What SQLite or the system said, and what to do about it."""
    if isinstance(error, StoreError):
        return error
    text = str(error)
    advice = next((advice for part, advice in _ADVICE.items() if part in text), "see the cause")
    described = StoreError(f"store:unavailable: {path}: {text}; {advice}")
    described.__cause__ = error
    return described


_ADVICE = {
    "full": "free space on its file system, or raise [store] max_bytes",
    "readonly": "make the file and its folder writable for this process",
    "unable to open": "make its folder and give this process the right to write there",
    "not a database": "name another file, or restore this one from a backup",
    "malformed": "restore it from a backup (`zcp store check` says what is broken)",
    "locked": "another process holds it for longer than [store] busy_timeout_seconds",
    "disk I/O": "look at its file system, and at the rights of the files beside it",
}
