"""Every socket of one server, and every session that may come back on another one."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import anyio
from attrs import define, field
from zcp_kernel.serving import serve

from ..channels import LastingChannel, SocketChannel
from ..channels.control import MARK, NotControl, control, count, read_control
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
    SocketClosed,
)
from ..config import WebSocketConfig
from ..sockets import Socket
from .served import Served
from .upgrade import Agreed, Refusal, Visitor

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel
    from zcp_kernel.security import Principal

__all__ = ["Sockets", "sockets_of"]

log = logging.getLogger("zcp.ws")

SWEEP_SECONDS = 1.0
LOST = frozenset({DROPPED, NO_CODE, INTERNAL_ERROR})
"""Ends after which a client may come back. Some ASGI servers say 1005 of a lost connection, and
1011 where a ping was not answered; our clients say by themselves that they are done."""


@define(eq=False)
class Lasting:
    """A session of a native client: its channel, whose it is, and since when nobody is there."""

    id: str
    channel: LastingChannel
    principal: Principal
    served: Served | None = None
    lost_since: float | None = None
    scope: anyio.CancelScope = field(factory=anyio.CancelScope)


class Sockets:
    """Serves sockets, and ends them: a slow one, a lost one nobody came back for, all of them when
    the server stops. `clock` gives seconds."""

    def __init__(
        self, kernel: Kernel, settings: WebSocketConfig, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # Weakly: who knows a kernel's sockets must not keep the kernel.
        self._kernel = ref(kernel)
        self.settings = settings
        self.draining = False
        self._clock = clock
        self._open: set[Socket] = set()
        self._served: set[Served] = set()
        self._lasting: dict[str, Lasting] = {}
        self._sweeping = False
        self._one_gone = anyio.Event()

    @property
    def kernel(self) -> Kernel:
        """What is served."""
        kernel = self._kernel()
        assert kernel is not None
        return kernel

    def __len__(self) -> int:
        """Open sockets, and sessions that wait for theirs."""
        return len(self._open) + sum(each.lost_since is not None for each in self._lasting.values())

    def check_room(self) -> None:
        """Raises `Refusal` (503) when no socket can be taken in."""
        if self.draining:
            raise Refusal(503, "the server is shutting down", [(b"retry-after", b"1")])
        if len(self) >= self.settings.max_connections and not self._forget_one():
            raise Refusal(503, "too many sockets; try again later", [(b"retry-after", b"10")])

    async def serve(self, socket: Socket, visitor: Visitor, agreed: Agreed) -> None:
        """Serve a socket until it is gone."""
        self._open.add(socket)
        self._sweep_from_now_on()
        try:
            await self._serve(socket, visitor, agreed)
        except Exception:
            log.exception("a socket failed")
            await socket.close(INTERNAL_ERROR, "the server failed; its log says why")
        finally:
            with anyio.CancelScope(shield=True):
                # Cut short by whoever runs this; without effect where it ended by itself.
                await socket.close(GOING_AWAY, "the server is shutting down")
            self._open.discard(socket)
            gone, self._one_gone = self._one_gone, anyio.Event()
            gone.set()

    async def _serve(self, socket: Socket, visitor: Visitor, agreed: Agreed) -> None:
        first: bytes | None = None
        if agreed.subprotocol == "zcp" and self.settings.resume_seconds:
            try:
                first = await socket.receive()
            except SocketClosed:
                return
            if first[:1] == MARK:
                await self._serve_lasting(socket, first, visitor, agreed)
                return
        with anyio.CancelScope() as scope:
            channel = SocketChannel(socket, first)
            served = Served(channel, visitor, scope.cancel, self.kernel.new_scope)
            await self._run(served, agreed)

    async def _run(self, served: Served, agreed: Agreed) -> None:
        self._served.add(served)
        try:
            await serve(
                self.kernel,
                served,
                principal=served.visitor.principal,
                grace=self.settings.drain_seconds,
                dialects=agreed.dialects,
            )
        except Exception:
            served.failed = True
            log.exception("a session failed")
            await served.aclose()
        finally:
            self._served.discard(served)

    # -- sessions that outlive their socket --------------------------------------------------------

    async def _serve_lasting(
        self, socket: Socket, first: bytes, visitor: Visitor, agreed: Agreed
    ) -> None:
        try:
            members = read_control(first)
            if members.get("session") is None:
                self._begin(socket, visitor, agreed)
            else:
                await self._resume(socket, members, visitor)
        except NotControl as error:
            return await socket.close(PROTOCOL_ERROR, str(error))
        try:
            # The session reads it, and may leave it for another; its application waits here.
            return await socket.gone.wait()
        except anyio.get_cancelled_exc_class():
            if not self.draining:
                # Some servers cancel the application of a client that is gone.
                socket.abort("the application was cancelled")
            raise

    def _begin(self, socket: Socket, visitor: Visitor, agreed: Agreed) -> None:
        settings = self.settings
        window = Window(settings.replay_events, settings.replay_bytes)
        channel = LastingChannel(window, self._spawn)
        lasting = Lasting(secrets.token_urlsafe(16), channel, visitor.principal)
        channel.on_detach = partial(self._lost, lasting)
        channel.attach(socket, 0, self._greeting(lasting))
        self._lasting[lasting.id] = lasting
        self.kernel.spawn(partial(self._run_lasting, lasting, visitor, agreed))

    async def _run_lasting(self, lasting: Lasting, visitor: Visitor, agreed: Agreed) -> None:
        channel = lasting.channel
        try:
            with lasting.scope as scope:
                channel.on_end = scope.cancel
                lasting.served = Served(channel, visitor, scope.cancel, self.kernel.new_scope)
                await self._run(lasting.served, agreed)
        finally:
            self._lasting.pop(lasting.id, None)
            socket = channel.socket
            with anyio.CancelScope(shield=True):
                await channel.aclose(GOING_AWAY if self.draining else NORMAL)
                if socket is not None:
                    await socket.close(NORMAL, channel.exit_reason or "")

    async def _resume(self, socket: Socket, members: dict[str, Any], visitor: Visitor) -> None:
        lasting = self._lasting.get(str(members["session"]))
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

    def _greeting(self, lasting: Lasting) -> bytes:
        received = lasting.channel.window.told()
        seconds = self.settings.resume_seconds
        return control(session=lasting.id, received=received, seconds=seconds)

    def _lost(self, lasting: Lasting, ending: Ending) -> None:
        """The socket is gone. A client that said so is done; one that fell off may come back."""
        if ending.code not in LOST:
            return lasting.channel.end(str(ending))
        lasting.lost_since = self._clock()
        return None

    # -- ends --------------------------------------------------------------------------------------

    def drain(self) -> None:
        """The server is about to stop: no more sockets, nothing more is read; calls in flight have
        `drain_seconds` to be answered, and then their sockets are closed with 1001."""
        self.draining = True
        for served in list(self._served):
            served.drain()
        for lasting in list(self._lasting.values()):
            if lasting.lost_since is not None:
                lasting.channel.end("the server is shutting down")

    async def emptied(self) -> None:
        """Wait until no socket is open."""
        while self._open:
            await self._one_gone.wait()

    async def aclose(self) -> None:
        """Close every socket now."""
        self.drain()
        async with anyio.create_task_group() as tasks:
            for socket in list(self._open):
                tasks.start_soon(socket.close, GOING_AWAY, "the server is shutting down")

    def _spawn(self, work: Callable[[], Awaitable[Any]]) -> None:
        try:
            self.kernel.spawn(work)
        except RuntimeError:
            # The kernel has stopped, and every session with it.
            return

    def _sweep_from_now_on(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            self.kernel.spawn(self._sweep_regularly)

    async def _sweep_regularly(self) -> None:
        try:
            while self._open or self._lasting:
                await anyio.sleep(SWEEP_SECONDS)
                self.sweep()
        finally:
            self._sweeping = False

    def sweep(self) -> None:
        """Cut off sockets that take nothing, and forget sessions nobody came back for."""
        slow, now = time.monotonic() - self.settings.slow_seconds, self._clock()
        for socket in list(self._open):
            since = socket.writing_since
            if (since is not None and since < slow) or socket.overloaded:
                socket.abort("it took nothing of what was sent for too long")
        lost = [each for each in self._lasting.values() if each.lost_since is not None]
        for each in lost:
            if now - (each.lost_since or now) >= self.settings.resume_seconds:
                each.channel.end("its client did not come back")
        kept = sum(each.channel.window.size for each in lost if not each.channel.ended)
        while kept > self.settings.max_replay_bytes and (size := self._forget_one()):
            kept -= size

    def _forget_one(self) -> int:
        """Give up the session that is lost the longest; returns the bytes it kept, and one, 0 if
        there is none."""
        lost = [
            each
            for each in self._lasting.values()
            if each.lost_since is not None and not each.channel.ended
        ]
        if not lost:
            return 0
        longest = min(lost, key=_lost_since)
        longest.channel.end("it made room for others")
        self._lasting.pop(longest.id, None)
        return longest.channel.window.size + 1


def _lost_since(lasting: Lasting) -> float:
    return lasting.lost_since or 0.0


_OF_KERNELS: WeakKeyDictionary[Kernel, Sockets] = WeakKeyDictionary()


def sockets_of(kernel: Kernel) -> Sockets:
    """The sockets of a kernel: its mount and its life are made by different hooks."""
    if kernel not in _OF_KERNELS:
        _OF_KERNELS[kernel] = Sockets(kernel, kernel.config.section(WebSocketConfig))
    return _OF_KERNELS[kernel]
