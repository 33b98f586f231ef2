"""Doing something at most once: `ctx.once` with a durable store."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...contracts import OnceStore
from ...errors import ToolError
from ...jsontext import dumps, loads

if TYPE_CHECKING:
    from .stores import Stores

KEPT_SECONDS = 7 * 86_400.0
"""How long it is known that something was done: longer than any task or call may take."""


async def at_most_once(stores: Stores, key: str, function: Callable[[], Awaitable[Any]]) -> Any:
    """The value of `await function()`, as JSON gives it back. Without a durable store it is called
    at once: nobody else knows.

    Raises `ToolError` where an earlier run began it and did not get to its end: it may have been
    done, so it is not done again.
    """
    store: OnceStore | None = stores.shared(OnceStore)
    if store is None:
        return loads(dumps(await function()))
    mine, known = await store.begin(key, time.time() + KEPT_SECONDS)
    if mine:
        known = dumps(await function())
        await store.finish(key, known)
    if known is None:
        raise ToolError(
            "interrupted: an earlier run began this step and was cut off before its end; it may "
            "have been done, so it is not done again"
        )
    return loads(known)
