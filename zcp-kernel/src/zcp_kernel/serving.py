"""Serving one channel: the loop that stdio, WebSocket and in-process links share."""

from __future__ import annotations

import anyio

from ._core.exchange import Batch, Exchange, Reply
from ._core.kernel import Kernel
from .contracts import Channel
from .errors import ParseError
from .security import Principal

__all__ = ["serve"]

GRACE_SECONDS = 5.0
"""How long calls in flight may go on after the peer sent its last frame."""


async def serve(
    kernel: Kernel, channel: Channel, *, principal: Principal, grace: float = GRACE_SECONDS
) -> None:
    """Serve a channel until its peer is done.

    Calls run concurrently. When the peer stops sending, calls in flight get `grace` seconds to be
    answered; then they are cancelled, and the channel is closed.
    """
    session = kernel.open_session(channel, principal)
    try:
        async with anyio.create_task_group() as group:
            while True:
                try:
                    frame = await channel.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                    break
                except ParseError as error:
                    await _send(channel, session.refusal(None, error).frame)
                    continue
                due = session.receive(frame)
                if type(due) is Reply:
                    await _send(channel, due.frame)
                elif due is not None:
                    group.start_soon(_answer, due, channel)
            session.peer_gone("the client stopped sending")
            group.cancel_scope.deadline = anyio.current_time() + grace
    finally:
        session.close()
        with anyio.CancelScope(shield=True):
            await channel.aclose()


async def _answer(due: Exchange | Reply | Batch, channel: Channel) -> None:
    with anyio.CancelScope() as scope:
        if type(due) is not Reply:
            due.on_cancel = scope.cancel
        frame = await due.run()
        if frame is not None:
            await _send(channel, frame)


async def _send(channel: Channel, frame: bytes) -> None:
    try:
        await channel.send(frame)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        # The peer is gone: the reading side finds out and ends the session.
        return
