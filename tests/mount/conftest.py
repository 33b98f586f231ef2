"""Upstream servers that can be cut off, brought back and listened to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest
from harness import connected_to, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.config import ServerConfig
from zcp_kernel.contracts import Channel
from zcp_kernel.memory import channel_pair
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import Principal, local_principal
from zcp_kernel.serving import serve
from zcp_kernel.testing.echo import EchoDialect


class Site:
    """An app served elsewhere: `cut()` is a wire that breaks, `down` a machine that is off.

    `connections` counts how often it was connected to, `open` how many connections there are.
    """

    def __init__(self, app: FastZCP) -> None:
        self.app = app
        self.down = False
        self.connections = 0
        self._kernel: Kernel | None = None
        self._channels: set[Any] = set()

    @property
    def open(self) -> int:
        return len(self._channels)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Channel]:
        if self.down:
            raise OSError("connection refused")
        if self._kernel is None:
            self._kernel = self.app.compose(ServerConfig({}))
            await self._kernel.start()
        near, far = channel_pair()
        self.connections += 1
        kernel = self._kernel
        kernel.spawn(lambda: serve(kernel, far, principal=local_principal(), grace=0))
        self._channels.add(far)
        try:
            yield near
        finally:
            self._channels.discard(far)
            await near.aclose()

    async def cut(self) -> None:
        """Every connection ends, in the middle of whatever it carried."""
        for channel in list(self._channels):
            await channel.aclose()

    def session(self, **options: Any) -> ZCPClientSession:
        return session_over(self.connect, dialects=[EchoDialect()], transport="memory", **options)

    async def aclose(self) -> None:
        if self._kernel is not None:
            await self._kernel.aclose()


@pytest.fixture
async def site(anyio_backend: str) -> AsyncGenerator[Callable[[FastZCP], Site]]:
    """`site(app)` puts an app somewhere else."""
    sites: list[Site] = []

    def put(app: FastZCP) -> Site:
        sites.append(Site(app))
        return sites[-1]

    yield put
    for each in sites:
        await each.aclose()


class Roof:
    """A running server of `app`, and clients of it."""

    def __init__(self, kernel: Kernel, stack: AsyncExitStack) -> None:
        self.kernel = kernel
        self._stack = stack

    async def client(self, principal: Principal | None = None, **hooks: Any) -> ZCPClientSession:
        return await self._stack.enter_async_context(
            connected_to(self.kernel, principal=principal, **hooks)
        )


@asynccontextmanager
async def roof(app: FastZCP, sections: dict[str, object] | None = None) -> AsyncGenerator[Roof]:
    """`app`, served; its clients leave before it stops."""
    kernel = app.compose(ServerConfig(sections or {}))
    async with kernel.running(), AsyncExitStack() as stack:
        yield Roof(kernel, stack)


async def names(client: ZCPClientSession) -> list[str]:
    return [tool["name"] for tool in (await client.list_tools())["tools"]]


async def text(client: ZCPClientSession, name: str, **arguments: Any) -> str:
    result = await client.call_tool(name, arguments)
    assert not result["isError"], result
    answer: str = result["content"][0]["text"]
    return answer


async def until(condition: Callable[[], Any]) -> None:
    """Wait for what happens by itself; the test's own timeout ends what never does."""
    with anyio.fail_after(20):
        # What happens sets no event of ours.
        while not condition():  # noqa: ASYNC110
            await anyio.sleep(0.005)


def weather(name: str = "Weather Station", **options: Any) -> FastZCP:
    """A server with one of everything."""
    app = make_app(name, **options)

    @app.tool(annotations={"readOnlyHint": True})
    async def lookup(city: str) -> str:
        return f"{city}: 24"

    @app.resource("docs://faq", mime_type="text/plain")
    def faq() -> str:
        return "FAQ"

    @app.resource_template("docs://page/{page}")
    def page(page: str) -> str:
        return f"page {page}"

    @app.prompt
    def summary(city: str) -> str:
        return f"Summarize {city}"

    @app.completion("summary")
    def cities(request: Any) -> list[str]:
        return [f"{request.ref['name']}:{request.value}angzhou"]

    @app.task("crunch")
    async def crunch(payload: Any) -> Any:
        await payload["task"].update_status("crunching")
        return {"crunched": payload["n"]}

    return app
