"""Serving one channel: the loop that stdio, WebSocket and in-process links share."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from ._core.exchange import Reply
from ._core.kernel import Kernel
from ._core.session import Due, ZCPServerSession
from ._core.speaking import GONE
from ._core.turns import Turns
from .contracts import Channel
from .errors import ParseError
from .security import Principal

__all__ = ["serve"]

GRACE_SECONDS = 5.0
"""How long calls in flight may go on after the peer sent its last frame."""


async def serve(
    kernel: Kernel,
    channel: Channel,
    *,
    principal: Principal,
    grace: float = GRACE_SECONDS,
    dialects: Sequence[str] | None = None,
) -> None:
    """Serve a channel until its peer is done.

    Calls run concurrently. When the peer stops sending, calls in flight get `grace` seconds to be
    answered; then they are cancelled, and the channel is closed. `dialects` names those that may be
    spoken on it, None: all.
    """
    session = kernel.open_session(channel, principal, dialects)
    link = _Link(session, channel)
    try:
        async with anyio.create_task_group() as group:
            await Turns(group, link.read, link.answer).run()
            session.peer_gone("the client stopped sending")
            group.cancel_scope.deadline = anyio.current_time() + grace
    finally:
        session.close()
        with anyio.CancelScope(shield=True):
            await channel.aclose()


class _Link:
    """A session and the channel it is served on."""

    def __init__(self, session: ZCPServerSession, channel: Channel) -> None:
        self._session = session
        self._channel = channel

    async def read(self) -> Due | None:
        """The next thing that must be run; None when the peer is done."""
        while True:
            try:
                due = self._session.receive(await self._channel.receive())
            except ParseError as error:
                due = self._session.refusal(None, error)
            except (anyio.EndOfStream, *GONE):
                return None
            if type(due) is Reply:
                await self._send(due.frame)
            elif due is not None:
                return due

    async def answer(self, due: Due) -> None:
        frame = await due.run()
        if frame is not None:
            await self._send(frame)

    async def _send(self, frame: bytes) -> None:
        try:
            await self._channel.send(frame)
        except GONE:
            # The peer is gone: the reading side finds out and ends the session.
            return
