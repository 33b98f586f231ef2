"""Sessions of one upstream by the client they are for, where its state must not be shared."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from attrs import define

from ...context import Context
from ...errors import LimitReached
from ...model import LogMessage
from ..relaying.line import HOOKS, Line
from ..session import ZCPServerSession

if TYPE_CHECKING:
    from ...client import ZCPClientSession

log = logging.getLogger("zcp.mount")

MOST_LINES = 1000
"""How many sessions one mount keeps open."""

IDLE_SECONDS = 300.0
"""How long a session without calls is kept for its client to come back."""

CLOSE_SECONDS = 10.0


@define(eq=False)
class _Kept:
    """A line, and the one of its callers it was opened for; `shares(session)` says whether another
    session is with the same."""

    line: Line
    ctx: Context
    shares: Callable[[ZCPServerSession], bool]
    calls: int = 0
    used: float = 0.0

    def heard(self, method: str, params: Mapping[str, Any]) -> None:
        """What has changed is heard on the session the lists were read on."""

    def logged(self, message: LogMessage) -> None:
        for each in list(self.ctx.kernel.audience):
            if isinstance(each, ZCPServerSession) and self.shares(each) and each.hears(message):
                each.post(message)


class Pool:
    """`make()` gives a session, `by(session)` says whom one is for that calls from this session of
    ours: "" is nobody, so that a call of nobody's gets a session of its own."""

    def __init__(
        self,
        make: Callable[[], ZCPClientSession],
        by: Callable[[ZCPServerSession], str],
        name: Callable[[], str],
    ) -> None:
        self._make = make
        self._by = by
        self._name = name
        self._kept: dict[str, _Kept] = {}

    @asynccontextmanager
    async def line(self, ctx: Context) -> AsyncGenerator[Line]:
        """The line for who calls. Raises `LimitReached` when too many are in use."""
        key = self._by(ctx.session)
        kept = self._kept.get(key)
        if kept is None:
            kept = await self._opened(key, ctx)
        kept.calls += 1
        try:
            yield kept.line
        finally:
            kept.calls -= 1
            kept.used = anyio.current_time()
            if not key:
                await close(kept.line)

    async def _opened(self, key: str, ctx: Context) -> _Kept:
        if len(self._kept) >= MOST_LINES:
            await self._close_one()
        asks = tuple(each for each in HOOKS if ctx.can_ask(each))
        revision = ctx.session.revision
        home = None
        if key and revision is not None and not revision.replays:
            home = Context(ctx.kernel, ctx.session, ctx.operation)
        line = Line(self._make(), self._name, asks, home)
        kept = _Kept(line, ctx, lambda session: bool(key) and self._by(session) == key)
        line.hearers.append(kept)
        # Somebody may have been quicker while one was closed.
        return self._kept.setdefault(key, kept) if key else kept

    async def _close_one(self) -> None:
        idle = [key for key, kept in self._kept.items() if not kept.calls]
        if not idle:
            raise LimitReached(f"invalid: {MOST_LINES} clients are calling {self._name()} already")
        oldest = min(idle, key=lambda key: self._kept[key].used)
        await close(self._kept.pop(oldest).line)

    async def sweep(self) -> None:
        """Close what its client has left, or not used for long."""
        old = anyio.current_time() - IDLE_SECONDS
        for key, kept in list(self._kept.items()):
            if not kept.calls and (kept.ctx.session.closed or kept.used < old):
                del self._kept[key]
                await close(kept.line)

    async def aclose(self) -> None:
        """Close them all, at the same time."""
        lines = [kept.line for kept in self._kept.values()]
        self._kept.clear()
        async with anyio.create_task_group() as group:
            for line in lines:
                group.start_soon(close, line)


async def close(line: Line) -> None:
    """Close its session; what goes wrong is logged."""
    with anyio.move_on_after(CLOSE_SECONDS, shield=True):
        try:
            await line.session.aclose()
        except Exception as error:
            log.warning("a session ended badly: %s", error, exc_info=error)
