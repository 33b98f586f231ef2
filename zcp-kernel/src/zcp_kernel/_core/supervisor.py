"""A task group that belongs to no caller.

Rules of this file:
- A cancel scope must be left by the task that entered it. So the group lives in a task of its own,
  and closing it is a message to that task: legal from any task, also from inside the group.
- The loop may end without anybody closing the group. It then ends as every background task does:
  cancelled, and quietly.
- What goes wrong in one child is logged. It ends neither its siblings, nor the group, nor the loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
from anyio.abc import TaskGroup

log = logging.getLogger("zcp.supervisor")

Work = Callable[[], Awaitable[Any]]


class Supervisor:
    """Runs background work on asyncio and trio without an enclosing context manager.

    Start it once, then `spawn` from any task of the same event loop; `aclose` ends everything it
    runs. A closed supervisor stays closed: make another.
    """

    def __init__(self, name: str = "zcp") -> None:
        self.name = name
        self._launched = False
        self._closed = False
        self._group: TaskGroup | None = None
        self._ready = anyio.Event()
        self._ended = anyio.Event()
        self._guard: Callable[[Work, str], Coroutine[Any, Any, None]] = _guarded

    @property
    def running(self) -> bool:
        """Whether `spawn` is legal now."""
        return self._group is not None and not self._closed

    async def start(self) -> None:
        """Start, or wait for the start somebody else began. Raises `RuntimeError` once closed."""
        if not self._launched and not self._closed:
            self._launched = True
            self._launch()
        await self._ready.wait()
        if not self.running:
            raise RuntimeError(f"supervisor {self.name!r} is closed")

    def spawn(self, work: Work, *, name: str | None = None) -> None:
        """Run `work()` in the background. Its exceptions are logged under `name`.

        Raises `RuntimeError` unless started and still open.
        """
        if self._group is None or self._closed:
            raise RuntimeError(f"supervisor {self.name!r} is not running")
        label = name or self.name
        self._group.start_soon(self._guard, work, label, name=label)

    async def aclose(self) -> None:
        """Cancel all work and wait until it ended. Idempotent, legal from any task.

        Called from inside the group, the caller is part of what is cancelled.
        """
        self.cancel()
        await self._ended.wait()

    def cancel(self) -> None:
        """Close without waiting for the work to end."""
        self._closed = True
        if not self._launched:
            self._finish()
        elif self._group is not None:
            self._group.cancel_scope.cancel()

    def _launch(self) -> None:
        if issubclass(anyio.get_cancelled_exc_class(), asyncio.CancelledError):
            task = asyncio.get_running_loop().create_task(self._run(), name=self.name)
            task.add_done_callback(lambda _: self._finish())
            self._task = task
        else:
            self._launch_on_trio()

    def _launch_on_trio(self) -> None:
        from trio import lowlevel

        # Ctrl-C belongs to the main task; raised in a system task it would be an internal error.
        self._guard = lowlevel.enable_ki_protection(_guarded)
        lowlevel.spawn_system_task(self._run, name=self.name, context=contextvars.copy_context())

    async def _run(self) -> None:
        try:
            async with anyio.create_task_group() as group:
                self._group = group
                if self._closed:
                    group.cancel_scope.cancel()
                self._ready.set()
                await anyio.sleep_forever()
        finally:
            self._finish()

    def _finish(self) -> None:
        self._group = None
        self._ready.set()
        self._ended.set()


async def _guarded(work: Work, name: str) -> None:
    try:
        await work()
    except (Exception, SystemExit):
        log.exception("background work %r failed", name)
    except BaseExceptionGroup as group:
        cancelled, failed = group.split(anyio.get_cancelled_exc_class())
        if failed is not None:
            log.error("background work %r failed", name, exc_info=failed)
        if cancelled is not None:
            raise cancelled from None
