"""Servers in this process, behind the same face as one on the network."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
from zcp_kernel.closing import Closing
from zcp_kernel.contracts import Authorizer

from .channel import streamable_channel
from .credentials import authorized
from .http import HTTPClient
from .legacy import sse_channel
from .memory import MemoryHTTP

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.contracts import Channel, Dialect

    from ..app import ZCPASGIApp

__all__ = ["InProcessServer", "sse_server", "streamable_http_server"]

Opener = Callable[
    [HTTPClient, str, Mapping[str, str] | None], "AbstractAsyncContextManager[Channel]"
]


class InProcessServer(Closing):
    """An ASGI application, and the URL its clients in this process know it by.

    What runs is the application `create_asgi_app` makes: its routes, guards and credentials. It
    starts with its first client and ends with `aclose()`, or with the event loop.
    """

    def __init__(
        self, app: FastZCP, endpoint: str, config: Any, transport: str, opener: Opener
    ) -> None:
        self.app = app
        self.endpoint = endpoint
        self.transport = transport
        self._config = config
        self._opener = opener
        self._application: ZCPASGIApp | None = None

    @property
    def application(self) -> ZCPASGIApp:
        """The ASGI application. Composes it; raises what `create_asgi_app` raises."""
        if self._application is None:
            from ..app import create_asgi_app

            self._application = create_asgi_app(self.app, self._config)
        return self._application

    @property
    def dialects(self) -> Sequence[Dialect]:
        """What is spoken at the endpoint."""
        application = self.application
        http, sse = application.settings.http, application.settings.sse
        spoken = {http.mcp_path: "mcp", http.zcp_path: "native", sse.path: "mcp"}
        name = spoken.get(urlsplit(self.endpoint).path)
        dialects = application.kernel.dialects.values()
        return [dialect for dialect in dialects if name in (None, dialect.name)]

    @asynccontextmanager
    async def connect(
        self, headers: Mapping[str, str] | None = None, auth: str | Authorizer | None = None
    ) -> AsyncGenerator[Channel]:
        """A channel through the application; leaving the context closes it. `headers` go with
        every request, and the credentials of `auth`."""
        async with anyio.create_task_group() as tasks:
            http = authorized(MemoryHTTP(self.application, tasks), self.endpoint, auth)
            async with self._opener(http, self.endpoint, headers) as channel:
                yield channel
            tasks.cancel_scope.cancel()

    async def aclose(self) -> None:
        """End every session and the server's own work. Idempotent; the next client starts it
        again."""
        application, self._application = self._application, None
        if application is not None:
            await application.aclose()


def streamable_http_server(
    app: FastZCP, endpoint: str = "http://127.0.0.1:8000/mcp", config: Any = None
) -> InProcessServer:
    """`app` served over Streamable HTTP in this process, for `streamable_http_client`.

    The path of `endpoint` picks the plane: `/zcp` native, `/mcp` MCP (or what `config` names them).
    `config` is what `create_asgi_app` takes.
    """
    return InProcessServer(app, endpoint, config, "streamable-http", streamable_channel)


def sse_server(
    app: FastZCP, endpoint: str = "http://127.0.0.1:8000/sse", config: Any = None
) -> InProcessServer:
    """`app` served over HTTP+SSE (MCP 2024-11-05) in this process, for `sse_client`."""
    return InProcessServer(app, endpoint, config, "sse", sse_channel)
