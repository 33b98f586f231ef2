"""The client: a session over any channel, in any dialect, with plain dicts at its face."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import anyio

from ._core.client.connection import Connect
from ._core.client.handshake import make_offers
from ._core.client.hooks import ClientHooks, Hook
from ._core.client.own import OwnHooks
from ._core.client.session import CLOSE_SECONDS
from ._core.client.tools import HandleCalls, TaskCalls, ToolCalls
from .contracts import Dialect
from .model import Implementation

__all__ = ["ZCPClientSession", "session_over"]


class ZCPClientSession(ToolCalls, TaskCalls, HandleCalls, OwnHooks):
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
    timeout: float | None = None,
    needs_initialize: bool = False,
    transport: str = "",
) -> ZCPClientSession:
    """A session over the channels `connect()` opens (one for each connection).

    `prefer` names dialects in the order they are offered (native, then MCP); `revision` pins one.
    Hooks may be sync or async: `roots_provider()`, `sampling_handler(request)`,
    `elicitation_handler(request)`, `log_handler({level, logger, data})`, `progress_handler` with
    `{progress, total?, message?, progressToken}`, `notification_handler(method, params)`. `timeout`
    (seconds) is every call's unless it has its own. With `needs_initialize` a call does not
    connect by itself before the first `initialize`. `transport` is what session groups call this
    link. Raises `ConfigError` for a dialect or revision nobody brings.
    """
    hooks = ClientHooks(
        roots_provider=roots_provider,
        sampling_handler=sampling_handler,
        elicitation_handler=elicitation_handler,
        log_handler=log_handler,
        progress_handler=progress_handler,
        notification_handler=notification_handler,
    )
    return ZCPClientSession(
        connect,
        make_offers(dialects, prefer, revision),
        hooks,
        client_info=client_info,
        timeout=timeout,
        needs_initialize=needs_initialize,
        transport=transport,
    )
