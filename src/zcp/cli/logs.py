"""What the SDK logs while a command runs, as lines on standard error."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from .rendering import Screen


class _Lines(logging.Handler):
    """Shows a record as one line, and one that comes again and again only once; one with a
    traceback only where tracebacks are wanted: what failed is then the command's own error line."""

    def __init__(self, screen: Screen, with_tracebacks: bool) -> None:
        super().__init__(logging.WARNING)
        self._screen = screen
        self._with_tracebacks = with_tracebacks
        self._last = ""
        self._repeated = 0

    def emit(self, record: logging.LogRecord) -> None:
        if self._with_tracebacks:
            self._say(self.format(record))
        elif not record.exc_info:
            self._say(f"{record.levelname.lower()}: {record.getMessage()}")

    def _say(self, text: str) -> None:
        if text == self._last:
            self._repeated += 1
            return
        self.count()
        self._last = text
        self._screen.note(text)

    def count(self) -> None:
        """Say how often the last line came again."""
        if self._repeated:
            self._screen.note(f"(and {self._repeated} more of the same)")
        self._repeated = 0


@contextmanager
def reported_logs(screen: Screen, *, with_tracebacks: bool) -> Generator[None]:
    """Show what the SDK logs; the application's own loggers are left as they are."""
    logger = logging.getLogger("zcp")
    lines = _Lines(screen, with_tracebacks)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(lines)
    try:
        yield
    finally:
        logger.removeHandler(lines)
        lines.count()
        logger.propagate = propagated
