"""A client's channel: over one socket, or, on the native subprotocol, over one after the other."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup
from zcp_kernel.errors import ConnectionLost, ExchangeRefused, RateLimited

from ..channels import LastingChannel, SocketChannel
from ..channels.control import MARK, NotControl, control, count, read_control
from ..channels.window import Window
from ..closing import DROPPED, INTERNAL_ERROR, Ending, SocketClosed
from ..sockets import Socket
from .opening import Opener

__all__ = ["client_channel"]

MAX_FRAMES = 256
MAX_BYTES = 1024 * 1024
GREETING_SECONDS = 10.0
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
FIRST_TRIES = 3
NOBODY_SECONDS = 0.5
"""How long a server may refuse connections before its sessions are taken for gone with it."""

LOST = frozenset({DROPPED, INTERNAL_ERROR})

AnyChannel = SocketChannel | LastingChannel


@asynccontextmanager
async def client_channel(opener: Opener, subprotocols: Sequence[str]) -> AsyncGenerator[AnyChannel]:
    """A channel over sockets of `opener`; leaving closes it, and ends the session. Raises
    `ConnectionLost` if there is no first socket."""
    failure: BaseException | None = None
    async with anyio.create_task_group() as tasks:
        keeper = _Keeper(opener, subprotocols, tasks)
        tasks.start_soon(keeper.run)
        channel: AnyChannel | None = None
        try:
            channel = await keeper.first()
            yield channel
        except Exception as error:
            # Kept out of the task group, which would wrap it in an exception group.
            failure = error
        finally:
            if channel is not None:
                with anyio.CancelScope(shield=True):
                    await channel.aclose()
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


class _Keeper:
    """Opens sockets, one at a time: all are opened and closed by the task that runs `run`."""

    def __init__(self, opener: Opener, subprotocols: Sequence[str], tasks: TaskGroup) -> None:
        self._opener = opener
        self._subprotocols = subprotocols
        self._tasks = tasks
        self._opened = anyio.Event()
        self._channel: AnyChannel | None = None
        self._failure: Exception | None = None
        self._session: str | None = None
        self._seconds = 0.0

    async def first(self) -> AnyChannel:
        """The channel, once there is a socket."""
        await self._opened.wait()
        if self._failure is not None:
            raise self._failure
        assert self._channel is not None
        return self._channel

    async def run(self) -> None:
        """Keep the channel on a socket for as long as it can be kept."""
        try:
            ending = await self._over_first_socket()
        except Exception as error:
            self._failure = error
            self._opened.set()
            return
        channel = self._channel
        if isinstance(channel, LastingChannel):
            try:
                await self._go_on(channel, ending)
            finally:
                channel.end(str(ending))

    async def _over_first_socket(self) -> Ending:
        """One that drops before there is a session has done nothing yet: try again, some times."""
        for _ in range(FIRST_TRIES - 1):
            try:
                return await self._over_one_socket()
            except ConnectionLost as error:
                cause = error.__cause__
                if not isinstance(cause, SocketClosed) or cause.ending.code not in LOST:
                    raise
        return await self._over_one_socket()

    async def _over_one_socket(self) -> Ending:
        """Open a socket, and return when it has ended."""
        async with self._opener({}, self._subprotocols) as socket:
            if self._session is None:
                self._channel = await self._begin(socket)
                self._opened.set()
            else:
                await self._resume(socket)
            await socket.gone.wait()
        return socket.ending or Ending(DROPPED)

    async def _begin(self, socket: Socket) -> AnyChannel:
        if socket.subprotocol != "zcp":
            return SocketChannel(socket)
        first = await self._greeted(socket, control(session=None))
        if first[:1] != MARK:
            # A server that does not know how to resume: what it says is a message like any other.
            return SocketChannel(socket, first)
        members = read_control(first)
        session = members.get("session")
        if not isinstance(session, str):
            return SocketChannel(socket)
        self._session = session
        seconds = members.get("seconds")
        self._seconds = float(seconds) if isinstance(seconds, (int, float)) else 0.0
        channel = LastingChannel(Window(MAX_FRAMES, MAX_BYTES), self._spawn)
        channel.attach(socket, 0)
        return channel

    def _spawn(self, work: Callable[[], Awaitable[Any]]) -> None:
        self._tasks.start_soon(_awaited, work)

    async def _resume(self, socket: Socket) -> None:
        channel = self._channel
        assert isinstance(channel, LastingChannel)
        asked = control(session=self._session, received=channel.window.told())
        members = read_control(await self._greeted(socket, asked))
        if members.get("session") != self._session:
            raise NotControl("the server answered for another session")
        channel.attach(socket, count(members))

    async def _greeted(self, socket: Socket, message: bytes) -> bytes:
        """The server's answer to our first message. Raises `ConnectionLost`."""
        try:
            with anyio.fail_after(GREETING_SECONDS):
                await socket.send(message)
                return await socket.receive()
        except SocketClosed as closed:
            lost = ConnectionLost(f"the server ended the connection ({closed.ending})")
            raise lost from closed
        except TimeoutError:
            raise ConnectionLost("the server did not answer the first message") from None

    # -- coming back -------------------------------------------------------------------------------

    async def _go_on(self, channel: LastingChannel, ending: Ending) -> None:
        """Come back until the server ends the session, or cannot be had for too long."""
        window = channel.window
        while ending.code in LOST and not channel.ended:
            known = (window.received, window.confirmed)
            deadline = anyio.current_time() + self._seconds
            pause, nobody_since = 0.0, None
            # A socket that drops before it brought anything on counts as one that was not had.
            while ending.code in LOST and known == (window.received, window.confirmed):
                # Many clients lose their sockets at the same moment, and must not come back at one.
                await anyio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)
                try:
                    ending = await self._over_one_socket()
                    problem: object = ending
                except (ConnectionLost, RateLimited, ValueError) as error:
                    if _is_nobody(error):
                        nobody_since = nobody_since or anyio.current_time()
                        deadline = min(deadline, nobody_since + NOBODY_SECONDS)
                    problem = error
                    if _is_final(error):
                        deadline = 0.0
                if channel.ended:
                    return None
                if anyio.current_time() + pause > deadline:
                    return channel.end(f"the session could not be resumed: {problem}")
        return None


async def _awaited(work: Callable[[], Awaitable[Any]]) -> None:
    await work()


def _is_nobody(error: Exception) -> bool:
    """Whether nobody listens there (any more), or a proxy found nobody behind it."""
    refused = isinstance(error.__cause__, ConnectionRefusedError)
    return refused or (isinstance(error, ExchangeRefused) and error.status >= 500)


def _is_final(error: Exception) -> bool:
    """Whether coming back once more is of no use."""
    if isinstance(error, ExchangeRefused):
        return error.status < 500
    cause = error.__cause__
    if isinstance(cause, SocketClosed):
        return cause.ending.code not in LOST
    return isinstance(error, (NotControl, ValueError))
