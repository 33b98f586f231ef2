"""A lock that processes share, held by an open file: the system lets go of it when one dies."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

PAUSE_SECONDS = 0.02
MOST_SECONDS = 60.0


@asynccontextmanager
async def locked(path: Path) -> AsyncGenerator[None]:
    """While nobody else holds the lock. Raises `TimeoutError` after a minute, `OSError` if the file
    cannot be made. Waits without a thread, so a cancelled wait leaves nothing behind."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        with anyio.fail_after(MOST_SECONDS):
            while not _taken(file):  # noqa: ASYNC110 - another process lets go of it
                await anyio.sleep(PAUSE_SECONDS)
        yield
    finally:
        os.close(file)


if sys.platform == "win32":
    import msvcrt

    def _taken(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _taken(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
