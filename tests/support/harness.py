"""An app and a client of it, joined by an in-memory channel and the echo dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.config import ServerConfig
from zcp_kernel.contracts import Channel
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.memory import channel_pair
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import Principal, local_principal
from zcp_kernel.serving import serve
from zcp_kernel.testing.echo import EchoDialect


class EchoPlugin:
    """Speaks the echo dialect, so that kernel tests need no other distribution."""

    name = "echo"

    @hookimpl
    def zcp_dialects(self, config: ServerConfig) -> list[Any]:
        return [EchoDialect()]


def make_app(name: str = "Test", **options: Any) -> FastZCP:
    plugins = [EchoPlugin(), *options.pop("plugins", ())]
    return FastZCP(name, plugins=plugins, discover=False, **options)


@asynccontextmanager
async def connected(
    app: FastZCP,
    *,
    principal: Principal | None = None,
    sections: dict[str, object] | None = None,
    **hooks: Any,
) -> AsyncIterator[ZCPClientSession]:
    """An initialized client of `app`."""
    kernel = app.compose(ServerConfig(sections or {}))
    async with kernel.running(), connected_to(kernel, principal=principal, **hooks) as client:
        yield client


@asynccontextmanager
async def connected_to(
    kernel: Kernel, *, principal: Principal | None = None, **hooks: Any
) -> AsyncIterator[ZCPClientSession]:
    """An initialized client of a kernel that runs."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Channel]:
        near, far = channel_pair()
        kernel.spawn(lambda: serve(kernel, far, principal=principal or local_principal()))
        try:
            yield near
        finally:
            await near.aclose()

    async with session_over(connect, dialects=[EchoDialect()], **hooks) as client:
        yield client
