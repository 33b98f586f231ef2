"""An app with something of everything a socket has to carry, and servers of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_transport_ws import serve_websocket, websocket_client
from zcp_transport_ws.server.standalone import Listening

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
REVISIONS = (*HANDSHAKES, "2026-07-28", "zcp/1")
WAIT = 20.0


class Kitchen:
    """The app, and what was done in it."""

    def __init__(self, **options: Any) -> None:
        self.app = FastZCP("Kitchen", version="1.0", **options)
        self.done: list[int] = []
        self.cancelled: list[str] = []
        self.started = anyio.Event()
        self.ended = anyio.Event()
        self._furnish()

    def _furnish(self) -> None:
        app = self.app

        @app.tool
        def add(a: int, b: int) -> int:
            self.done.append(a)
            return a + b

        @app.tool
        async def count(ctx: Any, steps: int) -> str:
            for step in range(steps):
                await ctx.report_progress(step + 1, steps)
                await anyio.lowlevel.checkpoint()
            self.done.append(steps)
            return f"{steps} steps"

        @app.tool
        async def ask(ctx: Any, question: str) -> str:
            answer = await ctx.create_message(
                [{"role": "user", "content": {"type": "text", "text": question}}], max_tokens=10
            )
            self.done.append(1)
            return str(answer.content.text)

        @app.tool
        async def wait_for_ever(name: str = "") -> str:
            self.started.set()
            try:
                await anyio.sleep_forever()
            finally:
                self.cancelled.append(name)
                self.ended.set()
            return "never"

        @app.tool
        def big(size: int) -> str:
            return "x" * size

        @app.tool(required_scopes=("secret.read",))
        def secret() -> str:
            return "rain"

        @app.task("slow", input_schema={"type": "object"})
        async def slow(payload: dict[str, Any]) -> dict[str, Any]:
            await payload["task"].update_status("half way")
            return {"done": True}

        @app.resource("text://greeting")
        def greeting() -> str:
            return "hello"

        @app.prompt
        def poem(topic: str) -> str:
            return f"a poem on {topic}"


def configuration(app: FastZCP, **sections: Any) -> ServerConfig:
    return ServerConfig.load(app.host, environ={}, sections=sections)


@asynccontextmanager
async def listening(
    kitchen: Kitchen, host: str = "127.0.0.1", **sections: Any
) -> AsyncGenerator[Listening]:
    """The kitchen served stand-alone on a free port."""
    config = configuration(kitchen.app, **sections)

    async def serve(task_status: Any) -> None:
        await serve_websocket(kitchen.app, host, 0, config=config, task_status=task_status)

    async with anyio.create_task_group() as tasks:

        async def run(*, task_status: Any) -> None:
            await serve(task_status)

        where = await tasks.start(run)
        try:
            yield where
        finally:
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def abused(**sections: Any) -> AsyncGenerator[int]:
    """The port of a server, which is asked afterwards whether it still serves."""
    kitchen = Kitchen()
    with anyio.fail_after(2 * WAIT):
        async with listening(kitchen, **sections) as where:
            yield where.port
            async with websocket_client(where.url) as client:
                await client.call_tool("add", {"a": 1, "b": 2})
    assert kitchen.done == [1]
