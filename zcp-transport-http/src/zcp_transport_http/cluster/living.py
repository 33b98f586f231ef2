"""Which processes of this server still live.

Each holds a lock on a file of its own for as long as it lives: however it ends, the system lets go.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

__all__ = ["Living"]


class Living:
    """`worker` is this process; the others' files are in `folder`, named after them."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.worker = worker
        self._folder = folder
        self._held = os.open(self._path(worker), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_EX)

    def lives(self, worker: str) -> bool:
        """Whether that process has not ended."""
        if worker == self.worker:
            return True
        try:
            found = os.open(self._path(worker), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(found, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(found)
        return False

    def close(self) -> None:
        """This process ends. Idempotent."""
        held, self._held = self._held, -1
        if held >= 0:
            os.close(held)

    def _path(self, worker: str) -> Path:
        return self._folder / f"{worker}.alive"
