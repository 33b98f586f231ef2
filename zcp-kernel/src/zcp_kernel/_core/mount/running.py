"""The mounts of an app while a kernel serves it: connected when it starts, let go when it stops."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from .lifespans import app_lifespans
from .upstream import Upstream

if TYPE_CHECKING:
    from ...app import FastZCP
    from ..kernel import Kernel
    from .mounts import Mount
    from .remote import RemoteSections

log = logging.getLogger("zcp.mount")

JOIN_SECONDS = 10.0
"""How long a server that starts waits for those mounted in it; they may also come later."""


class Running:
    """One kernel's connections to everything mounted below its app."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._apps: list[FastZCP] = []
        self._links: list[tuple[RemoteSections, Upstream]] = []
        self._lifespans: list[Any] = []
        self._held: list[anyio.Event] = []
        self._started = False
        self._ended = anyio.Event()

    # -- who is there -----------------------------------------------------------------------------

    def take(self, app: FastZCP) -> None:
        """Connect what is mounted in `app`, and hear of what will be."""
        if app in self._apps:
            return
        self._apps.append(app)
        app.mounts.running.append(self)
        for mount in app.mounts:
            self.join(mount)

    def join(self, mount: Mount) -> None:
        """Connect what one mount brings."""
        for remote in mount.remotes:
            self._connect(remote)
        if mount.app is not None:
            self._enter(mount.app)

    def _enter(self, app: FastZCP) -> None:
        """Run the lifespan of an app of this process, and take what is mounted in it."""
        if app in self._apps:
            return
        for lifespan in app_lifespans(app):
            if self._started:
                self.kernel.spawn(partial(self._hold, lifespan))
            else:
                self._lifespans.append(lifespan)
        self.take(app)

    def _connect(self, remote: RemoteSections) -> None:
        upstream = remote.link(self.kernel)
        self._links.append((remote, upstream))
        self.kernel.spawn(upstream.live)
        if self._started:
            upstream.open()

    async def _hold(self, lifespan: Any) -> None:
        left = anyio.Event()
        self._held.append(left)
        try:
            async with lifespan:
                await self._ended.wait()
        finally:
            left.set()

    # -- from start to end ------------------------------------------------------------------------

    @asynccontextmanager
    async def lifespan(self, app: FastZCP) -> AsyncGenerator[None]:
        """The kernel's time: of the app itself, then of what is mounted in it."""
        async with AsyncExitStack() as stack:
            for lifespan in app_lifespans(app):
                await stack.enter_async_context(lifespan)
            stack.push_async_callback(self._leave)
            self.take(app)
            for lifespan in self._lifespans:
                await stack.enter_async_context(lifespan)
            await self._all_loaded()
            self._started = True
            yield

    async def _all_loaded(self) -> None:
        links = [upstream for _, upstream in self._links]
        with anyio.move_on_after(JOIN_SECONDS):
            for upstream in links:
                await upstream.loaded.wait()
        for upstream in links:
            if not upstream.loaded.is_set():
                log.warning("%s did not answer in time; it may join later", upstream.label)
            upstream.open()

    async def _leave(self) -> None:
        self._ended.set()
        for left in self._held:
            await left.wait()
        for app in self._apps:
            app.mounts.running.remove(self)
        async with anyio.create_task_group() as group:
            for remote, upstream in self._links:
                upstream.stop()
                group.start_soon(remote.unlink, self.kernel)
