"""A whole HTTP application in memory, with what configuration says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from asgi import Client
from attrs import frozen
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_kernel.errors import ToolError
from zcp_transport_http.app import ZCPASGIApp, create_asgi_app
from zcp_transport_http.client.memory import MemoryHTTP

AUTH = {"authorization": "Bearer s3cret"}


def weather(**options: Any) -> FastZCP:
    """An app with something of everything a guard has to do with."""
    app = FastZCP("Weather", version="2.1.0", **options)

    @app.tool
    def add(a: int, b: int) -> int:
        return a + b

    @app.tool(required_scopes=("weather.read", "weather.secret"))
    def secret() -> str:
        return "rain"

    @app.tool
    def broken() -> str:
        raise RuntimeError("the password is hunter2")

    @app.tool
    def refusing() -> str:
        raise ToolError("no")

    @app.tool
    async def slow(seconds: float) -> str:
        await anyio.sleep(seconds)
        return "done"

    return app


def configured(app: FastZCP, sections: dict[str, Any] | None = None, **environ: str) -> ZCPASGIApp:
    config = ServerConfig.load(app.host, environ=environ, sections=sections or {})
    return create_asgi_app(app, config)


@frozen
class Site:
    """An application that runs, and clients of it."""

    application: ZCPASGIApp
    tasks: Any

    def client(self, path: str = "/mcp", address: str = "192.0.2.1", **headers: str) -> Client:
        return Client(MemoryHTTP(self.application, self.tasks, (address, 4711)), path, **headers)


@asynccontextmanager
async def running(application: ZCPASGIApp) -> AsyncGenerator[Site]:
    async with anyio.create_task_group() as tasks:
        try:
            yield Site(application, tasks)
        finally:
            tasks.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await application.aclose()


@asynccontextmanager
async def site(
    app: FastZCP | None = None, environ: dict[str, str] | None = None, **sections: Any
) -> AsyncGenerator[Site]:
    async with running(configured(app or weather(), sections, **(environ or {}))) as running_site:
        yield running_site
