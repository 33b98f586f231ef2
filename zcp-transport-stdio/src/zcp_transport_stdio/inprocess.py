"""A server in this very process, behind the same face as one in a subprocess."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio
from zcp_kernel.memory import channel_pair
from zcp_kernel.security import local_principal
from zcp_kernel.serving import serve

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.contracts import Channel, Dialect
    from zcp_kernel.runtime import Kernel


class StdioServer:
    """Serves an app to clients of this process, over in-memory channels instead of pipes.

    It starts with its first client and ends with `aclose()`, or with the event loop. All its
    clients share one composed server: its tasks, handles and subscriptions.
    """

    def __init__(self, app: FastZCP, config: Any = None) -> None:
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self.aclose()


def stdio_server(app: FastZCP, config: Any = None) -> StdioServer:
    """A handle on `app` as a server in this process, for `stdio_client`.

    `config` is what `FastZCP.compose` takes. To serve on the process's own standard streams, use
    `run_mcp_stdio_server`.
    """
    return StdioServer(app, config)
