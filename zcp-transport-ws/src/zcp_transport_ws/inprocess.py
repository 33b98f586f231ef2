"""Servers in this process, behind the same face as one on the network."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from zcp_kernel.closing import Closing

from .client.credentials import Credentials
from .client.keeping import client_channel
from .client.opening import MAX_MESSAGE_BYTES, refused
from .config import WebSocketConfig
from .server.app import WebSocketApplication
from .server.guard import Guard, authenticators_in_force
from .server.sockets import sockets_of
from .server.standalone import composed
from .sockets import Socket
from .sockets.memory import memory_socket

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.contracts import Authorizer, Channel, Dialect
    from zcp_kernel.runtime import Kernel

__all__ = ["WebSocketServer", "websocket_server"]


class WebSocketServer(Closing):
    """The WebSocket application, and the URL its clients in this process know it by.

    What runs is what serves a network: guard, subprotocols, limits, sessions. It starts with its
    first client and ends with `aclose()`, or with the event loop.
    """

    transport = "websocket"

    def __init__(self, app: FastZCP, endpoint: str, config: Any) -> None:
        self.app = app
        self.endpoint = endpoint
        self._config = config
        self._kernel: Kernel | None = None
        self._starting = anyio.Lock()

    @property
    def kernel(self) -> Kernel:
        """The composed server. Composes it; raises what `FastZCP.compose` raises."""
        if self._kernel is None:
            self._kernel = composed(self.app, self._config)
        return self._kernel

    @property
    def dialects(self) -> Sequence[Dialect]:
        """What this server speaks."""
        return list(self.kernel.dialects.values())

    @property
    def application(self) -> WebSocketApplication:
        """The ASGI application."""
        kernel = self.kernel
        settings: WebSocketConfig = kernel.config.section(WebSocketConfig)
        guard = Guard(kernel, settings, authenticators_in_force(self.app, kernel, settings))
        return WebSocketApplication(sockets_of(kernel), guard)

    def connect(
        self,
        headers: Mapping[str, str] | None = None,
        *,
        auth: str | Authorizer | None = None,
        subprotocols: Sequence[str] = ("zcp", "mcp"),
    ) -> AbstractAsyncContextManager[Channel]:
        """A channel through the application; leaving the context closes it. `headers` and the
        credentials of `auth` go with the upgrade."""
        opener = partial(self.open_socket, dict(headers or {}))
        return client_channel(Credentials(auth, self.endpoint).opener(opener), subprotocols)

    @asynccontextmanager
    async def open_socket(
        self, own: Mapping[str, str], headers: Mapping[str, str], subprotocols: Sequence[str]
    ) -> AsyncGenerator[Socket]:
        """A socket through the application; leaving the context closes it. `own` and `headers` go
        with the upgrade. Raises `ExchangeRefused` with the status of a refusal."""
        async with self._starting:
            await self._start()
        fields = {**own, **headers}
        opened = memory_socket(
            self.application, self.endpoint, fields, subprotocols, MAX_MESSAGE_BYTES
        )
        async with opened as socket:
            if socket.refusal is not None:
                raise refused(self.endpoint, *socket.refusal)
            yield socket

    async def _start(self) -> None:
        try:
            await self.kernel.start()
            self.kernel.spawn(anyio.lowlevel.checkpoint)
        except RuntimeError:
            # The event loop it ran in has ended, and the kernel with it: this is another loop.
            self._kernel = None
            await self.kernel.start()

    async def aclose(self) -> None:
        """End every session and the server's own work. Idempotent; the next client starts it
        again."""
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            await kernel.aclose()


def websocket_server(
    app: FastZCP, endpoint: str = "ws://127.0.0.1:8765/ws", config: Any = None
) -> WebSocketServer:
    """`app` served over WebSocket in this process, for `websocket_client`. `config` is what
    `FastZCP.compose` takes. To listen on a network, use `serve_websocket` or `create_asgi_app`."""
    return WebSocketServer(app, endpoint, config)
