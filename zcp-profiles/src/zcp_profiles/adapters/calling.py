"""Calling a model client that may be sync or async."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any, cast

import anyio.to_thread
from zcp_kernel.jsontext import is_list, is_object

_END = object()


async def called(function: Callable[..., Any], **request: Any) -> Any:
    """What `function(**request)` gives; a sync client's runs in a worker thread."""
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        return await function(**request)
    answer = await anyio.to_thread.run_sync(partial(function, **request), abandon_on_cancel=True)
    return await answer if inspect.isawaitable(answer) else answer


async def iterated(stream: Any) -> AsyncGenerator[Any]:
    """The items of a stream, sync or async; it is closed when the reader leaves."""
    try:
        if hasattr(stream, "__aiter__"):
            async for item in stream:
                yield item
            return
        iterator = iter(stream)
        while (item := await anyio.to_thread.run_sync(next, iterator, _END)) is not _END:
            yield item
    finally:
        with anyio.CancelScope(shield=True):
            await _close(stream)


async def _close(stream: Any) -> None:
    close = getattr(stream, "aclose", None) or getattr(stream, "close", None)
    if close is not None:
        done = close()
        if inspect.isawaitable(done):
            await done


def objects(value: Any, name: str) -> list[dict[str, Any]]:
    """The objects in the list `value[name]`; none if there is no such list."""
    found = value.get(name) if is_object(value) else None
    return [item for item in found if is_object(item)] if is_list(found) else []


def member(value: Any, name: str) -> dict[str, Any]:
    """The object `value[name]`; an empty one if there is none."""
    found = value.get(name) if is_object(value) else None
    return found if is_object(found) else {}


def as_dict(item: Any) -> dict[str, Any]:
    """An answer of a client as the dict that was on the wire."""
    if is_object(item):
        return item
    dump = getattr(item, "model_dump", None)
    if dump is not None:
        dumped: dict[str, Any] = dump(mode="json", exclude_unset=True, by_alias=True)
        return dumped
    return dict(cast("dict[str, Any]", vars(item)))
