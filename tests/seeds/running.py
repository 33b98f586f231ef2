"""Running a sample unchanged, on either event loop."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from types import ModuleType
from typing import Any

import anyio

Namespace = dict[str, Any]


@contextmanager
def imports_of(backend: str) -> Iterator[None]:
    """On trio, `import asyncio` in a sample gives an `asyncio` whose `run` and `sleep` are trio's.

    The samples use nothing else of it; the rest is the real module's.
    """
    if backend != "trio":
        yield
        return
    stand_in = ModuleType("asyncio")
    stand_in.__dict__.update({**vars(asyncio), "run": _run_on_trio, "sleep": anyio.sleep})
    real = sys.modules["asyncio"]
    sys.modules["asyncio"] = stand_in
    try:
        yield
    finally:
        sys.modules["asyncio"] = real


def _run_on_trio(main: Awaitable[Any]) -> Any:
    async def awaited() -> Any:
        return await main

    return anyio.run(awaited, backend="trio")


def run_whole(source: str, backend: str) -> Namespace:
    """Execute a sample that starts its own event loop, or needs none. Returns its names."""
    namespace: Namespace = {"__name__": "__main__"}
    with imports_of(backend):
        exec(compile(source, "<sample>", "exec"), namespace)
    return namespace


async def run_inside(source: str, backend: str, namespace: Namespace) -> None:
    """Execute a sample in a running event loop, with the names it takes for granted.

    Its top level may `await`.
    """
    code = compile(source, "<sample>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with imports_of(backend):
        done = eval(code, namespace)
        if isawaitable(done):
            await done
