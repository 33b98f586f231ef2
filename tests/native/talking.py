"""An app of the kernel and the profiles alone, clients of it, and what they send."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import zcp_profiles.exposure.plugin as exposure_plugin
import zcp_profiles.mcp.plugin as mcp_plugin
import zcp_profiles.native.plugin as native_plugin
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.config import ServerConfig
from zcp_kernel.contracts import Channel, Dialect
from zcp_kernel.memory import channel_pair
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import Principal, local_principal
from zcp_kernel.serving import serve
from zcp_profiles.mcp.dialect import MCPDialect
from zcp_profiles.native.dialect import NativeDialect

ANY = {"type": "object"}
NATIVE = "zcp/1"
PLUGINS = (native_plugin, mcp_plugin, exposure_plugin)


def make_app(**options: Any) -> FastZCP:
    plugins = [*PLUGINS, *options.pop("plugins", ())]
    return FastZCP("Test", plugins=plugins, discover=False, **options)


class Recorded:
    """A channel that notes what goes over it, and which way."""

    def __init__(self, channel: Channel, frames: list[tuple[str, bytes]]) -> None:
        self._channel = channel
        self.frames = frames

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    async def send(self, frame: bytes) -> None:
        self.frames.append(("client", bytes(frame)))
        await self._channel.send(frame)

    def send_now(self, frame: bytes) -> bool:
        sent: bool = getattr(self._channel, "send_now")(frame)  # noqa: B009 - not every channel has it
        if sent:
            self.frames.append(("client", bytes(frame)))
        return sent

    async def receive(self) -> bytes:
        frame = await self._channel.receive()
        self.frames.append(("server", bytes(frame)))
        return frame


@asynccontextmanager
async def client_of(
    kernel: Kernel,
    revision: str = NATIVE,
    *,
    principal: Principal | None = None,
    frames: list[tuple[str, bytes]] | None = None,
    **hooks: Any,
) -> AsyncGenerator[ZCPClientSession]:
    @asynccontextmanager
    async def connect() -> AsyncGenerator[Any]:
        near, far = channel_pair()
        kernel.spawn(lambda: serve(kernel, far, principal=principal or local_principal()))
        try:
            yield near if frames is None else Recorded(near, frames)
        finally:
            await near.aclose()

    dialects: list[Dialect] = [NativeDialect(), MCPDialect()]
    async with session_over(connect, dialects=dialects, revision=revision, **hooks) as client:
        yield client


@asynccontextmanager
async def talking(
    app: FastZCP, revision: str = NATIVE, sections: dict[str, object] | None = None, **more: Any
) -> AsyncGenerator[ZCPClientSession]:
    kernel = app.compose(ServerConfig(sections or {}))
    async with kernel.running(), client_of(kernel, revision, **more) as client:
        yield client
