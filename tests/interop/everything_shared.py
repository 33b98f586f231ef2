"""What the processes of the everything server have in common: names, and the tools it grows."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, unquote

import anyio

from zcp import FastZCP

LOOK = 0.01
"""Seconds until something is looked at again that another process may have done."""

alone = tempfile.TemporaryDirectory()


class Names:
    """Names that the processes of one server share, each a file of a folder."""

    def __init__(self, kind: str) -> None:
        self._folder = Path(os.environ.get("EVERYTHING_FOLDER") or alone.name) / kind
        self._folder.mkdir(exist_ok=True)

    def add(self, name: str) -> None:
        (self._folder / quote(name, safe="")).touch()

    def __contains__(self, name: str) -> bool:
        return (self._folder / quote(name, safe="")).exists()

    def all(self) -> list[str]:
        """In no order."""
        return [unquote(each.name) for each in self._folder.iterdir()]


processes = Names("processes")
wanted = Names("wanted")
grown = Names("grown")


@asynccontextmanager
async def growing(app: FastZCP) -> AsyncIterator[None]:
    """While it serves, a process offers every tool that any of them was told to grow."""
    me = str(os.getpid())
    processes.add(me)
    async with anyio.create_task_group() as group:
        group.start_soon(_grow, app, me)
        yield
        group.cancel_scope.cancel()


async def _grow(app: FastZCP, me: str) -> None:
    known = set[str]()
    while True:
        for name in set(wanted.all()) - known:
            known.add(name)
            app.tool(_named(name), name=name)
            grown.add(f"{name} {me}")
        await anyio.sleep(LOOK)


def _named(name: str) -> Callable[[], Awaitable[str]]:
    async def tool() -> str:
        """A tool that was not there before."""
        return f"I am {name}"

    return tool


async def offer(name: str) -> None:
    """Have every process offer a tool of this name."""
    wanted.add(name)
    while any(f"{name} {each}" not in grown for each in processes.all()):  # noqa: ASYNC110 - others
        await anyio.sleep(LOOK)
