"""Real sockets: an application under hypercorn in this event loop, servers that speak raw bytes,
and a proxy that breaks connections."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import sniffio
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.tls import TLSListener
from attrs import define, field
from hypercorn.config import Config
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_transport_http.app import ZCPASGIApp, create_asgi_app

LOOPBACK = "127.0.0.1"
CHUNK = 65536


@define(eq=False)
class Site:
    """An application that listens."""

    application: ZCPASGIApp
    port: int

    def url(self, path: str = "/mcp") -> str:
        return f"http://{LOOPBACK}:{self.port}{path}"


@asynccontextmanager
async def listening(app: FastZCP, **sections: Any) -> AsyncGenerator[Site]:
    """`app` under hypercorn at a free port; ended with the context."""
    config = ServerConfig.load(app.host, environ={}, sections=sections)
    application = create_asgi_app(app, config)
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(512)
        port = listener.getsockname()[1]
        settings = Config()
        settings.bind = [f"fd://{listener.detach()}"]
        settings.accesslog = settings.errorlog = None
        settings.graceful_timeout = 0.1
        stop = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_hypercorn(), application, settings, stop)
            await _answering(port)
            try:
                yield Site(application, port)
            finally:
                with anyio.CancelScope(shield=True):
                    await application.aclose()
                stop.set()


def _hypercorn() -> Callable[..., Awaitable[None]]:
    if sniffio.current_async_library() == "trio":
        from hypercorn.trio import serve as trio_serve

        async def run_trio(application: Any, settings: Config, stop: anyio.Event) -> None:
            await trio_serve(application, settings, shutdown_trigger=stop.wait)

        return run_trio
    from hypercorn.asyncio import serve

    async def run(application: Any, settings: Config, stop: anyio.Event) -> None:
        await serve(application, settings, shutdown_trigger=stop.wait)

    return run


async def _answering(port: int) -> None:
    with anyio.fail_after(10):
        while True:
            try:
                stream = await anyio.connect_tcp(LOOPBACK, port)
            except OSError:
                await anyio.sleep(0.01)
                continue
            await stream.aclose()
            return


@define(eq=False)
class Conversation:
    """One connection to a `RawServer`."""

    stream: SocketStream
    _rest: bytes = b""

    async def request(self) -> RawRequest:
        """The next request. Raises `anyio.EndOfStream` when the client is gone."""
        while b"\r\n\r\n" not in self._rest:
            self._rest += await self.stream.receive()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in fields.items()}
        size = int(headers.get("content-length", "0"))
        while len(self._rest) < size:
            self._rest += await self.stream.receive()
        body, self._rest = self._rest[:size], self._rest[size:]
        method, path, _ = first.split(" ")
        return RawRequest(method, path, headers, body)

    async def send(self, data: bytes) -> None:
        await self.stream.send(data)

    async def respond(
        self,
        status: int,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        kind: str = "application/json",
    ) -> None:
        fields = {"content-type": kind, "content-length": str(len(body)), **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        await self.send(f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body)

    async def stream_head(self, headers: Mapping[str, str] | None = None) -> None:
        """The head of an event stream that ends with the connection's chunked body."""
        fields = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
        lines = "".join(f"{n}: {v}\r\n" for n, v in {**fields, **(headers or {})}.items())
        await self.send(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode())

    async def chunk(self, data: bytes) -> None:
        """A chunk of such a body; an empty one is its end."""
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))


@define(eq=False)
class RawRequest:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@define(eq=False)
class RawServer:
    """A server whose bytes the test chooses; `requests` are all it got, on so many connections."""

    port: int
    requests: list[RawRequest] = field(factory=list)
    connections: int = 0

    def url(self, path: str = "/mcp") -> str:
        return f"http://{LOOPBACK}:{self.port}{path}"


Reply = Callable[[Conversation, RawRequest], Awaitable[Any]]


@asynccontextmanager
async def raw_server(reply: Reply, tls: ssl.SSLContext | None = None) -> AsyncGenerator[RawServer]:
    """`reply(conversation, request)` for every request; True from it closes the connection."""
    listener = await anyio.create_tcp_listener(local_host=LOOPBACK)
    server = RawServer(listener.extra(SocketAttribute.local_port))
    serving: Any = listener if tls is None else TLSListener(listener, tls, False)

    async def handle(stream: Any) -> None:
        server.connections += 1
        async with stream:
            conversation = Conversation(stream)
            try:
                while True:
                    request = await conversation.request()
                    server.requests.append(request)
                    if await reply(conversation, request):
                        return
            except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(serving.serve, handle)
            yield server
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await listener.aclose()


@define(eq=False)
class Proxy:
    """Passes bytes to a server. `cut_after`: how many more bytes pass towards the client before
    both ways are cut, once; None lets everything through. `cut_up_after`: the same towards the
    server. `stalled`: nothing passes towards the client."""

    target: int
    port: int = 0
    cut_after: int | None = None
    cut_up_after: int | None = None
    cuts: int = 0
    stalled: bool = False
    passed: int = 0

    def url(self, path: str = "/mcp") -> str:
        return f"http://{LOOPBACK}:{self.port}{path}"

    async def handle(self, near: SocketStream) -> None:
        try:
            far = await anyio.connect_tcp(LOOPBACK, self.target)
        except OSError:
            await near.aclose()
            return
        async with near, far, anyio.create_task_group() as tasks:
            tasks.start_soon(self._up, near, far, tasks.cancel_scope)
            await self._down(far, near)
            tasks.cancel_scope.cancel()

    async def _up(self, near: SocketStream, far: SocketStream, scope: anyio.CancelScope) -> None:
        try:
            while True:
                data = await near.receive(CHUNK)
                if self.cut_up_after is not None and len(data) > self.cut_up_after:
                    data, self.cut_up_after = data[: self.cut_up_after], None
                    self.cuts += 1
                    await far.send(data)
                    return scope.cancel()
                await far.send(data)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            scope.cancel()

    async def _down(self, far: SocketStream, near: SocketStream) -> None:
        try:
            while True:
                data = await far.receive(CHUNK)
                if self.stalled:
                    await anyio.sleep_forever()
                if self.cut_after is not None and len(data) > self.cut_after:
                    data, self.cut_after = data[: self.cut_after], None
                    self.cuts += 1
                    if data:
                        await near.send(data)
                    return
                if self.cut_after is not None:
                    self.cut_after -= len(data)
                self.passed += len(data)
                await near.send(data)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return


@asynccontextmanager
async def proxy_to(port: int) -> AsyncGenerator[Proxy]:
    """A proxy in front of whoever listens at `port`."""
    listener = await anyio.create_tcp_listener(local_host=LOOPBACK)
    proxy = Proxy(port, listener.extra(SocketAttribute.local_port))
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, proxy.handle)
            yield proxy
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await listener.aclose()
