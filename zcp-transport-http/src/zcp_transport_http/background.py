"""A task that belongs to nobody: it is not cancelled with the request that needed it first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio


class Once:
    """Runs `work` once, in a task of its own, whoever awaits it: `await once()` waits for its end
    and raises what it raised."""

    def __init__(self, work: Callable[[], Awaitable[Any]]) -> None:
        self._work = work
        self._begun = False
        self._ended = anyio.Event()
        self._failure: BaseException | None = None
        self._task: Any = None

    async def __call__(self) -> None:
        if not self._begun:
            self._begun = True
            self._launch()
        await self._ended.wait()
        if self._failure is not None:
            raise self._failure

    async def _run(self) -> None:
        try:
            await self._work()
        except Exception as error:
            self._failure = error
        finally:
            self._ended.set()

    def _launch(self) -> None:
        if issubclass(anyio.get_cancelled_exc_class(), asyncio.CancelledError):
            self._task = asyncio.get_running_loop().create_task(self._run())
        else:
            from trio import lowlevel

            lowlevel.spawn_system_task(self._run)
