"""Where a synchronous session lives: its event loop, started when needed, and the real session."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from ...errors import ConnectionLost, ZCPError
from .ending import OPEN
from .engine import Engine
from .inbox import Inbox

if TYPE_CHECKING:
    from ...client import ZCPClientSession

T = TypeVar("T")
Make = Callable[[Engine], "ZCPClientSession"]

TELL_SECONDS = 1.0
"""How long the server may take to note that a call was interrupted."""


class Home:
    """Opens at the first call, closes at `close`; `reopen` makes it usable again."""

    def __init__(self, make: Make, backend: str) -> None:
        self._make = make
        self._backend = backend
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._closed = False
        self.session: ZCPClientSession | None = None

    @property
    def is_open(self) -> bool:
        return self._engine is not None

    def reopen(self) -> None:
        self._closed = False

    def wait_for(
        self, work: Callable[[ZCPClientSession, Inbox], Awaitable[T]], *, joins: bool = True
    ) -> T:
        """Raises `ConnectionLost` once closed."""
        engine, session = self._opened()

        async def joined(inbox: Inbox) -> T:
            if joins and session.protocol_version is None:
                await session.initialize()
            return await work(session, inbox)

        async def heard() -> None:
            # The answer to what comes after the cancellation says that it was read.
            with suppress(ZCPError), anyio.move_on_after(TELL_SECONDS):
                await session.ping()

        return engine.run(joined, heard if joins else None)

    def stream(self, source: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
        """What an async iterator of the session gives. Raises `ConnectionLost` once closed."""
        engine, _ = self._opened()
        return engine.stream(source)

    def notice(self, hook: Callable[..., Any]) -> Callable[..., Any]:
        """`hook` for notices of this session that outlive the call it was given to."""
        engine, _ = self._opened()
        return engine.notice(hook)

    def close(self) -> None:
        """Close the session and end its thread; calls in flight raise `ConnectionLost`."""
        with self._lock:
            engine, session = self._engine, self.session
            if engine is not None:
                engine.refuse_what_would_hang()
            self._closed = True
            if engine is None or session is None:
                return
            self._engine = None
        OPEN.discard(self)
        try:
            engine.run(lambda _: session.aclose())
        finally:
            engine.stop()

    def close_elsewhere(self) -> None:
        """Close without waiting: whoever lets go of the last reference may be any thread, the event
        loop's too."""
        threading.Thread(target=self.close, name="zcp.sync close", daemon=True).start()

    def now(self, look: Callable[[ZCPClientSession], T], closed: T) -> T:
        """What `look` sees in the session, on its own thread; `closed` if it is not open."""
        with self._lock:
            engine, session = self._engine, self.session
        if engine is None or session is None:
            return closed

        async def looked(_: Inbox) -> T:
            return look(session)

        return engine.run(looked)

    def _opened(self) -> tuple[Engine, ZCPClientSession]:
        with self._lock:
            if self._closed:
                raise ConnectionLost("the session is closed; initialize() opens it again")
            if self._engine is None or self.session is None:
                engine = Engine(self._backend)
                try:
                    self.session = engine.run(lambda _: self._made(engine))
                except BaseException:
                    engine.stop()
                    raise
                self._engine = engine
                OPEN.add(self)
            return self._engine, self.session

    async def _made(self, engine: Engine) -> ZCPClientSession:
        return self._make(engine)
