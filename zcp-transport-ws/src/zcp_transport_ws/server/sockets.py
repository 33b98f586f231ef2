"""Every socket of one server, and every session that may come back on another one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

import anyio
from zcp_kernel.config import RateLimitConfig
from zcp_kernel.contracts import RateStore
from zcp_kernel.rates import RateLimiter
from zcp_kernel.serving import serve

from ..channels import SocketChannel
from ..channels.control import MARK, NotControl, read_control
from ..closing import GOING_AWAY, INTERNAL_ERROR, PROTOCOL_ERROR, SocketClosed
from ..config import WebSocketConfig
from ..sockets import Socket
from .lasting import LastingSessions
from .served import Served
from .upgrade import Agreed, Refusal, Visitor

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

__all__ = ["Sockets", "sockets_of"]

log = logging.getLogger("zcp.ws")

SWEEP_SECONDS = 1.0


class Sockets:
    """Serves sockets, and ends them: a slow one, a lost one nobody came back for, all of them when
    the server stops. `clock` gives seconds. `limit` is for whoever guards the upgrades."""

    def __init__(
        self, kernel: Kernel, settings: WebSocketConfig, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # Weakly: who knows a kernel's sockets must not keep the kernel.
        self._kernel = ref(kernel)
        self.settings = settings
        self.draining = False
        self._open: set[Socket] = set()
        self._served: set[Served] = set()
        self.limit = RateLimiter(
            kernel.config.section(RateLimitConfig), clock, kernel.stores.shared(RateStore)
        )
        self.lasting = LastingSessions(self, clock)
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
        return len(self._open) + len(self.lasting.waiting)

    def check_room(self) -> None:
        """Raises `Refusal` (503) when no socket can be taken in."""
        if self.draining:
            raise Refusal(503, "the server is shutting down", [(b"retry-after", b"1")])
        if len(self) >= self.settings.max_connections and not self.lasting.forget_one():
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
            await self.run(served, agreed)

    async def run(self, served: Served, agreed: Agreed) -> None:
        """Serve a channel until its client is gone, or the server stops."""
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
                self.lasting.begin(socket, visitor, agreed)
            else:
                await self.lasting.resume(socket, members, visitor)
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

    # -- ends --------------------------------------------------------------------------------------

    def drain(self) -> None:
        """The server is about to stop: no more sockets, nothing more is read; calls in flight have
        `drain_seconds` to be answered, and then their sockets are closed with 1001."""
        self.draining = True
        for served in list(self._served):
            served.drain()
        self.lasting.drain()

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

    def _sweep_from_now_on(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            self.kernel.spawn(self._sweep_regularly)

    async def _sweep_regularly(self) -> None:
        try:
            while self._open or self.lasting:
                await anyio.sleep(SWEEP_SECONDS)
                self.sweep()
        finally:
            self._sweeping = False

    def sweep(self) -> None:
        """Cut off sockets that take nothing, and forget sessions nobody came back for."""
        slow = time.monotonic() - self.settings.slow_seconds
        for socket in list(self._open):
            since = socket.writing_since
            if (since is not None and since < slow) or socket.overloaded:
                socket.abort("it took nothing of what was sent for too long")
        self.lasting.sweep()


_OF_KERNELS: WeakKeyDictionary[Kernel, Sockets] = WeakKeyDictionary()


def sockets_of(kernel: Kernel) -> Sockets:
    """The sockets of a kernel: its mount and its life are made by different hooks."""
    if kernel not in _OF_KERNELS:
        _OF_KERNELS[kernel] = Sockets(kernel, kernel.config.section(WebSocketConfig))
    return _OF_KERNELS[kernel]
