"""`create_asgi_app`: an app as an ASGI application, with every surface it has over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from zcp_kernel.session import ZCPServerSession

from .background import Once
from .composition import Composition
from .logs import LOGGER
from .serving import Server
from .under_hypercorn.failing import fail_alone
from .upgrades import Upgrades
from .wire import Receive, Scope, Send, problem

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.runtime import Kernel

    from .settings import Settings

__all__ = ["ZCPASGIApp", "create_asgi_app"]


def create_asgi_app(app: FastZCP, config: ServerConfig | Any | None = None) -> ZCPASGIApp:
    """Serve `app` over HTTP: MCP clients of every revision, native clients, and operators.

    `config` is a `ZCPServerConfig` or a `ServerConfig`; None reads the environment. The app is
    composed here and now: raises `PluginError`, `ConfigError` or `RegistrationError`.
    """
    return ZCPASGIApp(app, config)


class ZCPASGIApp:
    """An ASGI 3 application: for any ASGI server, or mounted below a prefix of another application.

    It starts with the ASGI lifespan. Where none is run (most frameworks run none for what is
    mounted), it starts with the first request, in the background, and ends with the event loop. In
    another event loop, or after its lifespan ended, it starts anew, without its sessions.
    """

    def __init__(self, app: FastZCP, config: ServerConfig | Any | None = None) -> None:
        self._app = app
        self._config = config
        self._running = _Running(Composition(app, config))

    @property
    def composition(self) -> Composition:
        """What serves now: kernel, guards, routes, sessions."""
        return self._running.composition

    @property
    def kernel(self) -> Kernel:
        """The composed server."""
        return self.composition.kernel

    @property
    def settings(self) -> Settings:
        """What it was told, section by section."""
        return self.composition.settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            running = self._running
            if not running.alive:
                started = await self._started(send)
                if started is None:
                    return
                running = started
            await running.server(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            upgrading = await self._started_for_socket(receive, send)
            if upgrading is not None:
                await upgrading.upgrades(scope, receive, send)
        else:
            raise ValueError(f"ASGI scope of type {scope['type']!r}")

    def drain(self) -> None:
        """The server is told to stop: end the streams that only wait for news, and say at the
        readiness path that no more requests should come. Calls in flight go on."""
        composition = self.composition
        composition.draining = True
        for mount in composition.router.mounts:
            drain: Any = getattr(mount.application, "drain", None)
            if drain is not None:
                drain()
        composition.sessions.end_listening()
        for listener in list(composition.kernel.audience):
            if not isinstance(listener, ZCPServerSession):
                listener.close("the server is shutting down")

    async def aclose(self) -> None:
        """End every session and stop. Idempotent; with an ASGI lifespan, nobody need call it."""
        await self._running.aclose()

    async def _started(self, send: Send) -> _Running | None:
        """What serves in this event loop; None if it cannot start, and that was the answer."""
        if self._running.ended:
            self._running = _Running(Composition(self._app, self._config))
        running = self._running
        try:
            await running.start()
        except Exception:
            LOGGER.exception("the server cannot start")
            await problem(send, 503, "the server cannot start; its log says why")
            return None
        return running

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        fail_alone(send)
        if self._running.ended:
            self._running = _Running(Composition(self._app, self._config))
        running = self._running
        try:
            await running.start()
        except Exception as error:
            LOGGER.exception("the server cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        try:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        finally:
            with anyio.CancelScope(shield=True):
                await running.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _started_for_socket(self, receive: Receive, send: Send) -> _Running | None:
        """`_started` for an upgrade, which is refused (the server answers 403) if it cannot be."""
        if self._running.alive:
            return self._running

        async def refuse(message: Any) -> None:
            if message["type"] == "http.response.start":
                await receive()
                await send({"type": "websocket.close", "code": 1011})

        return await self._started(refuse)


class _Running:
    """A composition and its life: not begun, alive, ended."""

    def __init__(self, composition: Composition) -> None:
        self.composition = composition
        self.server = Server(composition)
        self.upgrades = Upgrades(composition)
        self.alive = False
        self._failed = False
        self._was_alive = False
        self._start: Once | None = None

    @property
    def ended(self) -> bool:
        return not self.alive and (self._was_alive or self._failed)

    async def start(self) -> None:
        """Start, or wait for the start somebody else began. Raises what a lifespan raised."""
        if self._start is None:
            self._start = Once(self._begin)
        await self._start()

    async def _begin(self) -> None:
        kernel = self.composition.kernel
        self.composition.advise()
        try:
            await kernel.start()
        except BaseException:
            self._failed = True
            raise
        self.alive = self._was_alive = True
        if self.composition.cluster is not None:
            kernel.spawn(self.composition.cluster.look_after)
        kernel.spawn(self._until_the_end)

    async def _until_the_end(self) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            self.alive = False

    async def aclose(self) -> None:
        self.alive = False
        if self._was_alive:
            await self.composition.sessions.aclose()
            if self.composition.cluster is not None:
                await self.composition.cluster.aclose()
            await self.composition.kernel.aclose()
