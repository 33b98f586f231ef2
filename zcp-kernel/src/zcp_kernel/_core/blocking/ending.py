"""Closing what is open when the program ends.

An `atexit` function would come too late: the interpreter waits for threads before it calls any, and
the event loop may have started some that end only with it.
"""

from __future__ import annotations

import logging
import threading
from typing import Protocol

log = logging.getLogger("zcp.client")

WORKER_THREAD = "AnyIO worker thread"
"""What anyio calls the threads that end with their event loop."""


class Closable(Protocol):
    def close(self) -> None: ...


class OpenOnes:
    """Everything that has yet to be closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Closable] = set()
        self._watcher: threading.Thread | None = None

    def add(self, one: Closable) -> None:
        with self._lock:
            self._open.add(one)
            if self._watcher is None or not self._watcher.is_alive():
                # No daemon: the interpreter waits until everything is closed.
                self._watcher = threading.Thread(target=self._watch, name="zcp.sync end")
                self._watcher.daemon = False
                self._watcher.start()

    def discard(self, one: Closable) -> None:
        with self._lock:
            self._open.discard(one)

    def _watch(self) -> None:
        threading.main_thread().join()
        for thread in threading.enumerate():
            if not thread.daemon and thread is not self._watcher and thread.name != WORKER_THREAD:
                thread.join()
        with self._lock:
            left = list(self._open)
        for one in left:
            try:
                one.close()
            except Exception:
                log.exception("a session could not be closed at the end of the program")


OPEN = OpenOnes()
