"""Ctrl-C: what is running is told to stop before the connection goes."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskStatus
from attrs import define, field
from zcp_kernel.errors import ZCPError

if TYPE_CHECKING:
    from zcp_kernel.client import ZCPClientSession

TELL_SECONDS = 1.0
"""How long the server may take to note that a call was cancelled."""


Act = Callable[[], Awaitable[Any]]


@define(eq=False)
class InterruptWatch:
    """Watches for Ctrl-C. `also` is awaited then, after every call in flight was cancelled."""

    scope: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)
    happened: bool = field(default=False, init=False)
    also: list[Act] = field(factory=list[Act], init=False)
    _client: ZCPClientSession | None = field(default=None, init=False)
    _told: anyio.Event = field(factory=anyio.Event, init=False)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Wait for the signal; a second one ends the process as it would any other."""
        with anyio.open_signal_receiver(signal.SIGINT) as signals:
            task_status.started()
            async for _ in signals:
                if self.happened:
                    signal.signal(signal.SIGINT, signal.SIG_DFL)
                    signal.raise_signal(signal.SIGINT)
                self.happened = True
                await self._tell()
                self.scope.cancel()

    async def over(self, client: ZCPClientSession, work: Awaitable[None]) -> None:
        """Run `work`; at Ctrl-C it ends early, but not before the server knows."""
        self._client = client
        try:
            await work
        finally:
            self._client = None
            if self.happened:
                with anyio.CancelScope(shield=True):
                    await self._told.wait()

    async def _tell(self) -> None:
        client = self._client
        try:
            if client is None:
                return
            with suppress(ZCPError), anyio.move_on_after(TELL_SECONDS):
                for request in list(client.in_flight):
                    client.cancel(request)
                for act in self.also:
                    await act()
                # The answer to what comes after the cancellation says that it was read.
                await client.ping()
        finally:
            self._told.set()
