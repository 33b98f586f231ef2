"""An app that counts what it does, behind a proxy that breaks connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
from attrs import define
from wires import Proxy, Site, listening, proxy_to
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.context import Context
from zcp_transport_http import sse_client, streamable_http_client
from zcp_transport_http.config import StreamableHTTPConfig

QUICK = StreamableHTTPConfig(retry_ms=1)
STEPS = 3


def counting() -> tuple[FastZCP, Counter[str]]:
    """An app, and how often its tools ran for each name."""
    app = FastZCP("Counting")
    ran: Counter[str] = Counter()

    @app.tool
    async def steps(name: str, ctx: Context) -> str:
        """Reports progress, so that its answer is a stream."""
        ran[name] += 1
        for number in range(STEPS):
            await ctx.report_progress(number + 1, STEPS)
        return f"done {name}"

    @app.tool
    async def plain(name: str) -> str:
        """Says nothing before its answer, which is JSON."""
        ran[name] += 1
        return f"done {name}"

    @app.tool(annotations={"idempotentHint": True})
    async def again(name: str, ctx: Context) -> str:
        """May be called again."""
        ran[name] += 1
        await ctx.report_progress(1)
        return f"done {name}"

    return app, ran


@define(eq=False)
class Bench:
    """A client whose bytes pass through a proxy."""

    client: ZCPClientSession
    proxy: Proxy
    site: Site
    ran: Counter[str]

    async def call(self, tool: str, name: str, cut: int | None = None) -> tuple[str, list[float]]:
        """One call; `cut` is how many bytes of what comes back pass before the connection breaks.
        Returns the tool's text and the progress heard."""
        heard: list[float] = []
        self.proxy.cut_after = cut
        try:
            answer = await self.client.call_tool(
                tool, {"name": name}, progress=lambda entry: heard.append(entry["progress"])
            )
        finally:
            self.proxy.cut_after = None
        return said(answer), heard

    async def size(self, tool: str) -> int:
        """How many bytes come back for a call, once everything else has come."""
        await self.call(tool, "first")
        before = self.proxy.passed
        await self.call(tool, "measured")
        return self.proxy.passed - before


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; fails the test if it never does."""
    with anyio.fail_after(10):
        while True:
            if condition():
                return
            await anyio.sleep(0.005)


def said(answer: Any) -> str:
    content = answer["content"]
    return str(content[0]["text"] if content else answer["structuredContent"])


@asynccontextmanager
async def bench(
    revision: str, sections: Mapping[str, Any] | None = None, **options: Any
) -> AsyncGenerator[Bench]:
    """`revision` may be `sse`: 2024-11-05 on the transport of its time."""
    app, ran = counting()
    path = {"zcp/1": "/zcp", "sse": "/sse"}.get(revision, "/mcp")
    make = sse_client if revision == "sse" else streamable_http_client
    revision = "2024-11-05" if revision == "sse" else revision
    async with (
        listening(app, streamable_http=QUICK, **(sections or {})) as site,
        proxy_to(site.port) as proxy,
        make(proxy.url(path), revision=revision, **options) as client,
    ):
        yield Bench(client, proxy, site, ran)
