"""The client: a session over any channel, in any dialect, with plain dicts at its face."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import anyio

from . import __version__
from ._core.client.economy import EconomyCalls
from ._core.client.hooks import ClientHooks, Hook
from ._core.client.joining.joiner import Target
from ._core.client.joining.offers import make_offers
from ._core.client.link.connection import Connect
from ._core.client.own import OwnHooks
from ._core.client.running import ClientTask
from ._core.client.session import CLOSE_SECONDS
from ._core.client.tasks import TaskCalls
from ._core.client.tools import HandleCalls
from .contracts import Dialect
from .model import Implementation

__all__ = ["DEFAULT_TIMEOUT", "ClientTask", "ZCPClientSession", "session_over"]

DEFAULT_TIMEOUT = 300.0
"""Seconds a call waits for its answer unless it is told otherwise."""


class ZCPClientSession(TaskCalls, HandleCalls, EconomyCalls, OwnHooks):
    """One client of one server. Made by `stdio_client(…)` and its siblings.

    Use it as a context manager, or call `initialize()`, `initialized()` and in the end `close()`
    yourself; every method may be called from any task. When the server goes away, calls in flight
    raise `ConnectionLost` at once and the session lives on: the next call connects anew.
    Cancelling a call tells the server to stop.
    """

    async def __aenter__(self) -> Self:
        await self.initialize()
        await self.initialized()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A cancelled caller must still see the server's process gone.
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            await self.aclose()


def session_over(
    connect: Connect,
    *,
    dialects: Iterable[Dialect],
    prefer: Sequence[str] | None = None,
    revision: str | None = None,
    client_info: Implementation | None = None,
    roots_provider: Hook | None = None,
    sampling_handler: Hook | None = None,
    elicitation_handler: Hook | None = None,
    log_handler: Hook | None = None,
    progress_handler: Hook | None = None,
    notification_handler: Hook | None = None,
    timeout: float | None = DEFAULT_TIMEOUT,
    cache: bool = True,
    origin: str | None = None,
    needs_initialize: bool = False,
    transport: str = "",
) -> ZCPClientSession:
    """A session over the channels `connect()` opens (one for each connection).

    `prefer` names dialects in the order they are offered (native, then MCP); `revision` pins one.
    Hooks may be sync or async: `roots_provider()`, `sampling_handler(request)`,
    `elicitation_handler(request)`, `log_handler({level, logger, data})`, `progress_handler` with
    `{progress, total?, message?, progressToken}`, `notification_handler(method, params)`. `timeout`
    (seconds, five minutes unless told; None: no limit) is every call's that has none of its own.
    `cache=False` keeps no results, whatever the server allows. `origin` names the server: what was
    found out to be spoken there is remembered for the process's later sessions. With
    `needs_initialize` a call does not connect by itself before the first `initialize`. `transport`
    is what session groups call this link. Raises `ConfigError` for a dialect or revision nobody
    brings.
    """
    hooks = ClientHooks(
        roots_provider=roots_provider,
        sampling_handler=sampling_handler,
        elicitation_handler=elicitation_handler,
        log_handler=log_handler,
        progress_handler=progress_handler,
        notification_handler=notification_handler,
    )
    target = Target(
        connect,
        make_offers(dialects, prefer, revision),
        client_info or Implementation("zcp", __version__),
        hooks,
        origin,
    )
    return ZCPClientSession(
        target,
        timeout=timeout,
        cache=cache,
        needs_initialize=needs_initialize,
        transport=transport,
    )
