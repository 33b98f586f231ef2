"""Standard output, kept for results alone."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO

STDOUT, STDERR = 1, 2


@contextmanager
def private_stdout() -> Generator[TextIO]:
    """The real standard output. Meanwhile, whatever is printed in this process or by its children
    goes to standard error: an app's handlers run here too, and must not print into a result."""
    visible = sys.stdout
    if _descriptor(visible) != STDOUT:
        sys.stdout = sys.stderr
        try:
            yield visible
        finally:
            sys.stdout = visible
        return
    visible.flush()
    saved = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    try:
        with open(os.dup(saved), "w", encoding=visible.encoding, errors=visible.errors) as results:
            yield results
    finally:
        visible.flush()
        os.dup2(saved, STDOUT)
        os.close(saved)


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, io.UnsupportedOperation):
        return None
