"""Work that is done once begun, and work that is done meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
from anyio.abc import TaskGroup

T = TypeVar("T")


async def finished(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` returns, though the caller was cancelled meanwhile: its own next wait says so.
    For what is bounded in time by itself."""
    found: list[T] = []
    with anyio.CancelScope(shield=True):
        found.append(await work())
    return found[0]


@asynccontextmanager
async def meanwhile() -> AsyncGenerator[TaskGroup]:
    """For work that lasts as long as the block; what the block raises is raised as it is, not in a
    group."""
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        try:
            yield group
        except Exception as error:
            failure = error
        finally:
            group.cancel_scope.cancel()
    if failure is not None:
        raise failure
