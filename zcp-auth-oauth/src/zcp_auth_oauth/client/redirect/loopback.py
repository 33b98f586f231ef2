"""A redirect to this machine: a listener on 127.0.0.1 for as long as one login takes (RFC 8252,
section 7.3)."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.to_thread
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.stapled import MultiListener
from attrs import define, field, frozen

from ..errors import AuthorizationRefused
from ..finishing import meanwhile
from .contract import Landing, Show
from .pages import ANSWERS, LATER, NOT_HERE, THANKS

HOST, PATH = "127.0.0.1", "/callback"
LOGIN_SECONDS = 300.0
REQUEST_SECONDS = 10.0
MOST_BYTES = 16 * 1024
MOST_CONNECTIONS = 16


async def open_browser(url: str) -> None:
    """Open the user's browser, and print the address as well, for one that cannot be opened."""
    import webbrowser

    print(f"To log in, your browser opens this address:\n\n  {url}\n", file=sys.stderr, flush=True)
    with suppress(webbrowser.Error, OSError):
        # The address is there, for a user who has to open it.
        await anyio.to_thread.run_sync(webbrowser.open, url)


async def print_address(url: str) -> None:
    """Print the address, for a user whose browser is elsewhere."""
    print(f"To log in, open this address:\n\n  {url}\n", file=sys.stderr, flush=True)


@frozen
class LoopbackRedirect:
    """Listens on a free port of 127.0.0.1, or on `port`. `show` brings the user to the address, and
    a login may take `seconds`."""

    show: Show = open_browser
    port: int = 0
    seconds: float = LOGIN_SECONDS

    @asynccontextmanager
    async def landing(self, preferred: str | None) -> AsyncGenerator[Landing]:
        listener = await self._listener(preferred)
        port: int = listener.extra(SocketAttribute.local_port)
        place = _Listening(f"http://{HOST}:{port}{PATH}", self)
        async with listener, meanwhile() as group:
            group.start_soon(listener.serve, place.serve)
            yield place

    async def _listener(self, preferred: str | None) -> MultiListener[SocketStream]:
        """Some authorization servers compare the port, though they should not (RFC 9700, section
        2.1): the registered one is tried first."""
        parts = urlsplit(preferred or "")
        again = parts.port if parts.hostname == HOST and parts.path == PATH else None
        if not self.port and again:
            # Where somebody else listens there, a free port has to do.
            with suppress(OSError):
                return await anyio.create_tcp_listener(local_host=HOST, local_port=again)
        return await anyio.create_tcp_listener(local_host=HOST, local_port=self.port)


@define(eq=False)
class _Listening:
    redirect_uri: str
    settings: LoopbackRedirect
    _state: str | None = field(default=None, init=False)
    _came: str | None = field(default=None, init=False)
    _failure: str = field(default="", init=False)
    _answered: anyio.Event = field(factory=anyio.Event, init=False)
    _open: int = field(default=0, init=False)

    async def visit(self, url: str, state: str) -> str:
        self._state, self._came, self._answered = state, None, anyio.Event()
        try:
            with anyio.fail_after(self.settings.seconds):
                async with meanwhile() as group:
                    group.start_soon(self._show, url)
                    await self._answered.wait()
        except TimeoutError:
            raise AuthorizationRefused(
                f"nobody logged in within {self.settings.seconds:g} s"
            ) from None
        if self._came is None:
            raise AuthorizationRefused(f"the user could not be sent to log in: {self._failure}")
        return self._came

    async def _show(self, url: str) -> None:
        try:
            await self.settings.show(url)
        except Exception as error:
            self._failure = type(error).__name__
            self._answered.set()

    async def serve(self, stream: SocketStream) -> None:
        """One connection, one request."""
        async with stream:
            if self._open >= MOST_CONNECTIONS:
                return
            self._open += 1
            try:
                with anyio.move_on_after(REQUEST_SECONDS):
                    await self._answer(stream)
            except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError):
                # The browser went away; it may come back.
                return
            finally:
                self._open -= 1

    async def _answer(self, stream: SocketStream) -> None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < MOST_BYTES:
            head += await stream.receive()
        target = self._target(head)
        if target is None:
            await stream.send(ANSWERS[NOT_HERE])
            return
        if not self._is_ours(target):
            await stream.send(ANSWERS[LATER])
            return
        self._came = self._came or target
        try:
            await stream.send(ANSWERS[THANKS])
        finally:
            self._answered.set()

    def _target(self, head: bytes) -> str | None:
        """The URL that is asked for, None if nobody we sent asks for it. By the name of another
        host come pages that rebound theirs to this machine."""
        if b"\r\n\r\n" not in head:
            return None
        lines = head.decode("latin-1").split("\r\n")
        method, _, rest = lines[0].partition(" ")
        target = rest.partition(" ")[0]
        hosts = [
            line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("host:")
        ]
        base = urlsplit(self.redirect_uri)
        if method != "GET" or hosts != [base.netloc]:
            return None
        if target.partition("?")[0] != base.path:
            return None
        return f"{base.scheme}://{base.netloc}{target}"

    def _is_ours(self, target: str) -> bool:
        given = parse_qs(urlsplit(target).query).get("state", [])
        return self._state is not None and given == [self._state]
