"""Sessions of native clients, which outlive their sockets."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from attrs import define, field

from ..channels import LastingChannel
from ..channels.control import control, count
from ..channels.window import Window
from ..closing import (
    DROPPED,
    GOING_AWAY,
    INTERNAL_ERROR,
    NO_CODE,
    NO_SESSION,
    NORMAL,
    PROTOCOL_ERROR,
    TAKEN_OVER,
    Ending,
)
from ..sockets import Socket
from .served import Served
from .upgrade import Agreed, Visitor

if TYPE_CHECKING:
    from zcp_kernel.security import Principal

    from .sockets import Sockets

__all__ = ["LastingSessions"]

LOST = frozenset({DROPPED, NO_CODE, INTERNAL_ERROR})
"""Ends after which a client may come back. Some ASGI servers say 1005 of a lost connection, and
1011 where a ping was not answered; our clients say by themselves that they are done."""


@define(eq=False)
class Lasting:
    """A session: its channel, whose it is, and since when nobody is there."""

    id: str
    channel: LastingChannel
    principal: Principal
    served: Served | None = None
    lost_since: float | None = None
    scope: anyio.CancelScope = field(factory=anyio.CancelScope)

    @property
    def waits(self) -> bool:
        """Whether its client is gone, and may come back."""
        return self.lost_since is not None and not self.channel.ended


class LastingSessions:
    """Begins, resumes and forgets sessions. They run in the kernel's background: the application
    that brought a socket ends with that socket. `clock` gives seconds."""

    def __init__(self, sockets: Sockets, clock: Callable[[], float]) -> None:
        self._sockets = sockets
        self._settings = sockets.settings
        self._clock = clock
        self._sessions: dict[str, Lasting] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def waiting(self) -> list[Lasting]:
        """Those whose client is gone."""
        return [each for each in self._sessions.values() if each.waits]

    def begin(self, socket: Socket, visitor: Visitor, agreed: Agreed) -> None:
        """Open a session on this socket."""
        settings = self._settings
        window = Window(settings.replay_events, settings.replay_bytes)
        channel = LastingChannel(window, self._spawn)
        lasting = Lasting(secrets.token_urlsafe(16), channel, visitor.principal)
        channel.on_detach = partial(self._lost, lasting)
        channel.attach(socket, 0, self._greeting(lasting))
        self._sessions[lasting.id] = lasting
        self._sockets.kernel.spawn(partial(self._run, lasting, visitor, agreed))

    async def resume(self, socket: Socket, members: dict[str, Any], visitor: Visitor) -> None:
        """Go on over this socket, or close it with the reason. Raises `NotControl`."""
        lasting = self._sessions.get(str(members["session"]))
        if lasting is None or lasting.principal != visitor.principal or lasting.channel.ended:
            return await socket.close(NO_SESSION, "no such session; open a new one")
        received = count(members)
        channel = lasting.channel
        if not channel.window.confirmed <= received <= channel.window.written:
            return await socket.close(PROTOCOL_ERROR, "received: so many were never sent")
        former = channel.attach(socket, received, self._greeting(lasting))
        lasting.lost_since = None
        if lasting.served is not None:
            lasting.served.visitor = visitor
        if former is not None:
            await former.close(TAKEN_OVER, "the session goes on over another socket")
        return None

    async def _run(self, lasting: Lasting, visitor: Visitor, agreed: Agreed) -> None:
        channel = lasting.channel
        try:
            with lasting.scope as scope:
                channel.on_end = scope.cancel
                new_scope = self._sockets.kernel.new_scope
                lasting.served = Served(channel, visitor, scope.cancel, new_scope)
                await self._sockets.run(lasting.served, agreed)
        finally:
            self._sessions.pop(lasting.id, None)
            socket = channel.socket
            with anyio.CancelScope(shield=True):
                await channel.aclose(GOING_AWAY if self._sockets.draining else NORMAL)
                if socket is not None:
                    await socket.close(NORMAL, channel.exit_reason or "")

    def _greeting(self, lasting: Lasting) -> bytes:
        received = lasting.channel.window.told()
        seconds = self._settings.resume_seconds
        return control(session=lasting.id, received=received, seconds=seconds)

    def _lost(self, lasting: Lasting, ending: Ending) -> None:
        """The socket is gone. A client that said so is done; one that fell off may come back."""
        if ending.code not in LOST:
            return lasting.channel.end(str(ending))
        lasting.lost_since = self._clock()
        return None

    def _spawn(self, work: Callable[[], Awaitable[Any]]) -> None:
        try:
            self._sockets.kernel.spawn(work)
        except RuntimeError:
            # The kernel has stopped, and every session with it.
            return

    # -- forgetting --------------------------------------------------------------------------------

    def drain(self) -> None:
        """End those whose client is gone."""
        for lasting in self.waiting:
            lasting.channel.end("the server is shutting down")

    def sweep(self) -> None:
        """Forget those nobody came back to in time, and the longest lost ones if all together keep
        too much."""
        now = self._clock()
        for lasting in self.waiting:
            if now - (lasting.lost_since or now) >= self._settings.resume_seconds:
                lasting.channel.end("its client did not come back")
        kept = sum(each.channel.window.size for each in self.waiting)
        while kept > self._settings.max_replay_bytes and (size := self.forget_one()):
            kept -= size

    def forget_one(self) -> int:
        """Give up the session that is lost the longest; returns the bytes it kept, and one, 0 if
        there is none."""
        waiting = self.waiting
        if not waiting:
            return 0
        longest = min(waiting, key=_lost_since)
        longest.channel.end("it made room for others")
        self._sessions.pop(longest.id, None)
        return longest.channel.window.size + 1


def _lost_since(lasting: Lasting) -> float:
    return lasting.lost_since or 0.0
