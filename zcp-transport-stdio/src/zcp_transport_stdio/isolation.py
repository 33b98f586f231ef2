"""The standard streams, put out of reach of handlers and their child processes.

While isolated, descriptor 0 is the null device and descriptor 1 is standard error: whatever a
handler prints, and whatever a child process writes, cannot stand between two frames.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from zcp_kernel.errors import SetupError

from .endpoints import Endpoint, adopt

STDIN, STDOUT, STDERR = 0, 1, 2


@contextmanager
def private_stdio() -> Generator[tuple[Endpoint, Endpoint]]:
    """The process's input and output as private endpoints; the standard descriptors are restored
    on leaving. The endpoints belong to the caller, who closes them.

    Raises `SetupError` when the process was started without standard input or output.
    """
    saved_in, saved_out = _save(STDIN, "input"), _save(STDOUT, "output")
    _fill_stderr()
    source = adopt(os.dup(saved_in), os.O_RDONLY)
    sink = adopt(os.dup(saved_out), os.O_WRONLY)
    _divert()
    # After the diversion: reconfiguring flushes, and text printed earlier is no frame either.
    was_buffered = _set_line_buffering(True)
    try:
        yield source, sink
    finally:
        # Before the restoration, for the same reason.
        _set_line_buffering(not was_buffered)
        _point(STDIN, saved_in)
        _point(STDOUT, saved_out)


def _save(fd: int, name: str) -> int:
    # A descriptor closed when the interpreter started may be the event loop's own by now.
    opened = sys.__stdin__ if fd == STDIN else sys.__stdout__
    try:
        if opened is not None:
            return os.dup(fd)
    except OSError:
        pass
    raise SetupError(
        f"stdio: standard {name} is closed; start the server with a pipe, a file or a terminal"
    )


def _fill_stderr() -> None:
    """A closed descriptor 2 would be given to the next file opened: to our own stream."""
    try:
        os.fstat(STDERR)
    except OSError:
        _point(STDERR, os.open(os.devnull, os.O_WRONLY))


def _divert() -> None:
    _point(STDIN, os.open(os.devnull, os.O_RDONLY))
    if sys.__stderr__ is None:
        _point(STDOUT, os.open(os.devnull, os.O_WRONLY))
    else:
        os.dup2(STDERR, STDOUT)


def _point(fd: int, target: int) -> None:
    """Make `fd` inheritably what `target` is, and give up `target`."""
    if fd != target:
        os.dup2(target, fd)
        os.close(target)


def _set_line_buffering(on: bool) -> bool:
    """Flush `sys.stdout` and switch its line buffering, if it stands for descriptor 1: prints then
    show on standard error at once. True if it was block-buffered before."""
    stdout = sys.stdout
    if not isinstance(stdout, io.TextIOWrapper) or stdout.closed:
        return False
    try:
        is_ours = stdout.fileno() == STDOUT
    except OSError:
        return False
    was_buffered = is_ours and not stdout.line_buffering
    if is_ours:
        stdout.reconfigure(line_buffering=on)
    return was_buffered
