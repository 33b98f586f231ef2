"""Exit codes, and which error ends the command with which."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import NoReturn

import click
from zcp_kernel.errors import SetupError, ZCPError

from .rendering import safe

OK = 0
FAILED = 1
USAGE = 2
NOT_STARTED = 3
INTERRUPTED = 130

LINGER_SECONDS = 0.2
"""How long a thread that is about to end may take."""


class CommandError(Exception):
    """Ends the command: one line for the reader, and the exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def guarded(run: Callable[[], object], is_debugging: Callable[[], bool]) -> int:
    """Run a command; say in one line what went wrong. Returns the exit code: that of
    `context.exit(code)` comes as what `run` returns (click, "standalone mode")."""
    try:
        code = run()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:
        if is_debugging():
            traceback.print_exc()
        message, code = described(error)
        click.echo(f"error: {safe(message)}", err=True)
        return code
    return code if isinstance(code, int) else OK


def described(error: Exception) -> tuple[str, int]:
    """An error as its one line and its exit code."""
    if isinstance(error, CommandError):
        return str(error), error.code
    if isinstance(error, SetupError):
        return str(error), NOT_STARTED
    if isinstance(error, ZCPError):
        return error.message, FAILED
    return f"{type(error).__name__}: {error} (--debug shows where)", FAILED


def leave(code: int) -> NoReturn:
    """End the process, also when a handler that was given up still runs in a thread: Python would
    wait for it."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(LINGER_SECONDS)
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
    sys.exit(code)


def _reader_gone() -> int:
    # What is still buffered would fail again, loudly, when the interpreter flushes at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
