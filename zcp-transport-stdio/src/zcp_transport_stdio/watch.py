"""Seeing to it that a stdio server ends: one thread, because the event loop may be the thing stuck.

Why not PR_SET_PDEATHSIG: it fires when the *thread* that started us ends (prctl(2)), and hosts do
start servers from pool threads. A parent that dies is seen by the hang-up of our output at once,
and by getppid() where another process holds that pipe open.

Why the wake-up descriptor: the interpreter runs a signal handler in the main thread, before its
next instruction. A signal that comes just as that thread begins to wait for I/O would be handled
when the wait ends, which may be never. What is written to the descriptor is not held up by that.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from attrs import frozen

from .endpoints import SharedPipe
from .thread_io import Post

PARENT_SECONDS = 2.0
"""How often the parent is looked for."""

UNWIND_SECONDS = 0.5
"""Time to unwind after handlers were cancelled, before the process ends without it."""

_STOP, _ENDING, _DONE, _HANDLED = b"s", b"e", b"d", b"h"
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL if hasattr(select, "poll") else 0


@frozen
class Ending:
    """What to do, in the event loop: `stop` asks for an orderly end; `cancel`, for a quick one,
    follows after `seconds`."""

    stop: Callable[[], object]
    cancel: Callable[[], object]
    seconds: float


class Watch:
    """Watches for signals, for a reader that hung up and for the loss of the parent, and ends the
    process if the orderly end then takes longer than `ending.seconds` and `UNWIND_SECONDS`."""

    def __init__(self, output: int, ending: Ending, post: Post, *, parent: bool = True) -> None:
        self._output = output
        self._ending = ending
        self._post = post
        self._parent = os.getppid() if parent else None
        self._inbox, self._mailbox = os.pipe()
        os.set_blocking(self._mailbox, False)
        self._unhandled = 0
        self._thread = threading.Thread(target=self._run, name="zcp-watch", daemon=True)

    @contextmanager
    def running(self) -> Generator[Watch]:
        """Watch until the body is left; signals only when entered in the main thread."""
        self._thread.start()
        try:
            with _signals(self._handled), _woken(self._mailbox):
                yield self
        finally:
            self._tell(_DONE)
            self._thread.join()
            os.close(self._mailbox)
            os.close(self._inbox)

    def stop(self) -> None:
        """Ask for the end; a second time, for a quick one."""
        self._tell(_STOP)

    def _handled(self) -> None:
        """A signal's handler ran. A pipe is written, no lock is taken."""
        self._tell(_HANDLED)

    def ending(self) -> None:
        """The end has begun by itself: only see to it that it is reached."""
        self._tell(_ENDING)

    def _tell(self, what: bytes) -> None:
        try:
            os.write(self._mailbox, what)
        except BlockingIOError:
            # It was told some ten thousand times already.
            return

    def _run(self) -> None:
        said = self._wait_for_cause()
        if said == _STOP:
            self._call(self._ending.stop)
        if said != _DONE and not self._is_done_within(self._ending.seconds):
            self._call(self._ending.cancel)
            if not self._is_done_within(UNWIND_SECONDS):
                exit_now(f"handlers did not end within {self._ending.seconds:g} s")

    def _is_done_within(self, seconds: float) -> bool:
        """Wait; a second `stop` cuts that short."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            said = self._hear(left)
            if said in (_DONE, _STOP):
                return said == _DONE
        return False

    def _wait_for_cause(self) -> bytes:
        while True:
            said = self._hear(PARENT_SECONDS, self._output)
            if said:
                return said
            if self._parent is not None and os.getppid() != self._parent:
                return _STOP

    def _hear(self, seconds: float, output: int | None = None) -> bytes:
        """One message, `_STOP` when the reader of `output` hung up, or nothing in this time."""
        poll = select.poll()
        poll.register(self._inbox, select.POLLIN)
        if output is not None:
            poll.register(output, 0)
        ready = dict(poll.poll(seconds * 1000))
        if self._inbox in ready:
            return self._meant(os.read(self._inbox, 1))
        return _STOP if output is not None and ready.get(output, 0) & _GONE else b""

    def _meant(self, said: bytes) -> bytes:
        """A signal comes as its number, and once more when its handler runs; where somebody else
        has the wake-up descriptor, only then."""
        if said[0] in _SIGNALS:
            self._unhandled += 1
            return _STOP
        if said != _HANDLED:
            return said if said in (_STOP, _ENDING, _DONE) else b""
        if self._unhandled:
            self._unhandled -= 1
            return b""
        return _STOP

    def _call(self, function: Callable[[], object]) -> None:
        try:
            self._post(function)
        except RuntimeError:
            # The event loop has ended already; the process will.
            return


def exit_now(reason: str) -> None:
    """End the process at once, saying why on standard error if that can be done without waiting."""
    try:
        SharedPipe(2).write([f"zcp: {reason}; the process ends without them\n".encode()])
    except OSError:
        # Nobody reads standard error: there is nobody left to tell.
        pass
    os._exit(0)


@contextmanager
def _signals(handled: Callable[[], None]) -> Generator[None]:
    """SIGTERM and SIGINT call `handled`, unless they are ignored (as for a background job)."""

    def handle(_signum: int, _frame: FrameType | None) -> None:
        handled()

    previous: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for signum in _SIGNALS:
            # None: a handler that was not set from Python, and could not be set again.
            if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                previous[signum] = signal.signal(signum, handle)
    try:
        yield
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)


@contextmanager
def _woken(descriptor: int) -> Generator[None]:
    """The number of every signal that has a handler is written there as it comes, unless an event
    loop has its own descriptor for that (trio and uvloop do)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    other = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
    if other != -1:
        signal.set_wakeup_fd(other, warn_on_full_buffer=False)
    try:
        yield
    finally:
        if other == -1:
            now = signal.set_wakeup_fd(-1)
            if now not in (-1, descriptor):
                signal.set_wakeup_fd(now, warn_on_full_buffer=False)
