"""An event loop in a thread of its own, on which other threads wait.

A thread that waits is not idle: what the session wants of the application (a progress callback, a
question to the user) runs in it, as in any synchronous library. So a hook may print, prompt and
call the session, and an interrupt reaches it. Only what comes while nobody waits runs elsewhere.
"""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from anyio.from_thread import start_blocking_portal

from .flow import Flow
from .inbox import Errand, Inbox

T = TypeVar("T")
Hook = Callable[..., Any]
AsyncHook = Callable[..., Coroutine[Any, Any, Any]]

THREAD_NAME = "zcp.sync"


class Engine:
    """Runs coroutines for threads. Raises `RuntimeError` at once where waiting would be forever:
    in its own thread, and in a forked process, which has no such thread."""

    def __init__(self, backend: str) -> None:
        self._pid = os.getpid()
        self._waiting: list[Inbox] = []
        self._stack = ExitStack()
        portal = start_blocking_portal(backend, name=THREAD_NAME)
        self._portal = self._stack.enter_context(portal)
        self._thread = self._portal.call(threading.get_ident)

    @property
    def in_loop(self) -> bool:
        """Whether the caller is the event loop's own thread."""
        return threading.get_ident() == self._thread

    @property
    def forked(self) -> bool:
        return os.getpid() != self._pid

    def run(
        self,
        work: Callable[[Inbox], Awaitable[T]],
        after_interrupt: Callable[[], Awaitable[Any]] | None = None,
    ) -> T:
        """Wait for `work(inbox)`; raises what it raises.

        Whatever interrupts the waiting thread (Ctrl-C above all) cancels the work; once that is
        undone and `after_interrupt()` is through, the interrupt goes on its way.
        """
        self.refuse_what_would_hang()
        inbox = Inbox()
        future: Future[T] | None = None
        try:
            future = self._portal.start_task_soon(self._perform, work, inbox)
            inbox.serve()
        except Exception:
            raise
        except BaseException:
            self._portal.start_task_soon(inbox.interrupt)
            if future is not None:
                inbox.refuse()
                if after_interrupt is not None:
                    self._portal.start_task_soon(after_interrupt).result()
            raise
        return future.result()

    def stream(self, source: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
        """What an async iterator gives, for a thread to iterate over; raises what it raises.
        Leaving it ends the source."""
        self.refuse_what_would_hang()
        flow = Flow(source)
        running = self._portal.start_task_soon(flow.run)
        try:
            while True:
                try:
                    yield self.run(lambda _: flow.take())
                except anyio.EndOfStream:
                    break
            running.result()
        finally:
            running.cancel()

    def stop(self) -> None:
        """End the loop and its thread; idempotent."""
        if not self.forked:
            self._stack.close()

    def refuse_what_would_hang(self) -> None:
        if self.in_loop:
            raise RuntimeError(
                "an async hook must not call its own synchronous session, which would wait for "
                "itself: make the hook a plain function"
            )
        if self.forked:
            raise RuntimeError(
                "this session belongs to the process that opened it: open another one after a fork"
            )

    async def _perform(self, work: Callable[[Inbox], Awaitable[T]], inbox: Inbox) -> Any:
        with anyio.CancelScope() as scope:
            inbox.cancels(scope)
            self._waiting.append(inbox)
            try:
                return await work(inbox)
            finally:
                self._waiting.remove(inbox)
                inbox.close()

    # -- hooks -------------------------------------------------------------------------------------

    def question(self, hook: Hook) -> AsyncHook:
        """`hook` for a session on this loop: its answer is awaited."""

        async def ask(*arguments: Any) -> Any:
            if iscoroutinefunction(hook):
                return await hook(*arguments)
            action = partial(hook, *arguments)
            answer = await (self._asked(action) if self._waiting else _elsewhere(action))
            return await answer if isawaitable(answer) else answer

        return ask

    def notice(self, hook: Hook) -> AsyncHook:
        """`hook` for a session on this loop: nobody waits for it while a thread can run it."""

        async def tell(*arguments: Any) -> None:
            if iscoroutinefunction(hook):
                await hook(*arguments)
            elif self._waiting:
                self._waiting[-1].put(Errand(partial(hook, *arguments)))
            else:
                await _elsewhere(partial(hook, *arguments))

        return tell

    async def _asked(self, action: Callable[[], Any]) -> Any:
        done = anyio.Event()
        errand = Errand(action, lambda: self._portal.start_task_soon(done.set))
        self._waiting[-1].put(errand)
        try:
            await done.wait()
        finally:
            errand.wanted = False
        if errand.error is not None:
            raise errand.error
        return errand.result


def _elsewhere(action: Callable[[], T]) -> Coroutine[Any, Any, T]:
    return to_thread.run_sync(action, abandon_on_cancel=True)
