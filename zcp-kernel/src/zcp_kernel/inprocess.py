"""A server in this very process, behind the same face as one elsewhere."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import anyio

from .closing import Closing
from .memory import channel_pair
from .security import local_principal
from .serving import serve

if TYPE_CHECKING:
    from .app import FastZCP
    from .contracts import Channel, Dialect
    from .runtime import Kernel

__all__ = ["InProcessServer", "ServerHandle"]


@runtime_checkable
class ServerHandle(Protocol):
    """A server that clients of this process can speak to: what `zcp.stdio_server(app)` and its
    siblings return. `transport` is what session groups call the link."""

    @property
    def transport(self) -> str: ...

    @property
    def dialects(self) -> Sequence[Dialect]:
        """What is spoken there. Composes the server; raises what composing it raises."""
        ...

    def connect(self) -> AbstractAsyncContextManager[Channel]:
        """A channel to the server; leaving the context closes it."""
        ...


class InProcessServer(Closing):
    """Serves an app to clients of this process, over in-memory channels.

    It starts with its first client and ends with `aclose()`, or with the event loop. All its
    clients share one composed server: its tasks, handles and subscriptions.
    """

    transport = "in-process"

    def __init__(self, app: FastZCP, config: Any = None) -> None:
        """`config` is what `FastZCP.compose` takes."""
        self.app = app
        self._config = config
        self._kernel: Kernel | None = None
        self._starting = anyio.Lock()

    @property
    def dialects(self) -> Sequence[Dialect]:
        """What this server speaks. Composes it; raises what `FastZCP.compose` raises."""
        return list(self._composed().dialects.values())

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Channel]:
        """A channel served by the real kernel; leaving the context closes it."""
        near, far = channel_pair()
        async with self._starting:
            await self._serve(far)
        try:
            yield near
        finally:
            await near.aclose()

    async def _serve(self, far: Channel) -> None:
        try:
            await self._start(far)
        except RuntimeError:
            # The event loop it ran in has ended, and the kernel with it: this is another loop.
            self._kernel = None
            await self._start(far)

    async def _start(self, far: Channel) -> None:
        kernel = self._composed()
        principal = local_principal(kernel.config.section("server").local_scopes)
        await kernel.start()
        kernel.spawn(partial(serve, kernel, far, principal=principal))

    def _composed(self) -> Kernel:
        if self._kernel is None:
            self._kernel = self.app.compose(self._config)
        return self._kernel

    async def aclose(self) -> None:
        """End every session and the server's own work. Idempotent; the next client starts it
        again."""
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            await kernel.aclose()
