"""The app these tests serve."""

from __future__ import annotations

from typing import Any

import anyio
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context


class Kitchen:
    """An app whose tools say when they run, and wait for the test's word."""

    def __init__(self) -> None:
        self.app = FastZCP("Kitchen")
        self.begun: list[Any] = []
        self.ended: list[Any] = []
        self.cancelled: list[Any] = []
        self.go = anyio.Event()
        for function in (self.add, self.steps, self.wait, self.talk, self.ask, self.leave):
            self.app.tool(name=function.__name__)(function)
        self.app.tool(name="harvest", output_mode="handle")(self.harvest)
        self.app.resource("mem://news", name="news")(self.news)

    async def add(self, a: int, b: int) -> int:
        """At once."""
        return a + b

    async def harvest(self) -> list[int]:
        """Stays on the server where it can."""
        return list(range(100))

    async def news(self) -> str:
        return "nothing new"

    async def steps(self, n: int, ctx: Context) -> int:
        """Reports progress n times."""
        for number in range(1, n + 1):
            await ctx.report_progress(number, n)
        return n

    async def wait(self, name: str, ctx: Context) -> str:
        """Reports that it began, then waits for `go`."""
        self.begun.append(name)
        try:
            await ctx.report_progress(1)
            await self.go.wait()
            await ctx.report_progress(2)
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(name)
            raise
        self.ended.append(name)
        return name

    async def talk(self, name: str, n: int, ctx: Context) -> str:
        """Logs its own name again and again."""
        for _ in range(n):
            await ctx.log("info", name)
            await anyio.lowlevel.checkpoint()
        return name

    async def ask(self, ctx: Context) -> str:
        """Asks the user."""
        action, content = await ctx.elicit("Who?", {"type": "object", "properties": {}})
        return f"{action}:{content}"

    async def leave(self, ctx: Context) -> bool:
        """Lets go of the connection, and has its result fetched later."""
        left = await ctx.release_stream()
        await self.go.wait()
        return left


async def until(condition: Any) -> None:
    """Wait until `condition()` holds; fails the test if it never does."""
    with anyio.fail_after(10):
        while True:
            if condition():
                return
            await anyio.sleep(0.002)
