"""The upstream of a mount, as one running server uses it: connected, and its lists kept fresh.

Rules of this file:
- An upstream that fails fails alone: its objects stay listed as they were last, calls of them fail
  with `UpstreamError`, and it is tried again until it is back.
- Lists are read by one reader: however often they change, it reads once at a time.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import anyio

from ...errors import INVALID_PARAMS, METHOD_NOT_FOUND, RemoteError, ZCPError
from ...model import LogMessage, ResourceUpdated
from ..relaying.held import HeldCalls
from ..relaying.line import Line
from .listing import Listing, read_listing
from .pool import Pool, close

if TYPE_CHECKING:
    from ...context import Context
    from ..kernel import Kernel
    from .remote import RemoteSections

log = logging.getLogger("zcp.mount")

FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 30.0
READ_SECONDS = 30.0
"""How long connecting and reading all lists may take."""

SWEEP_SECONDS = 30.0
SUSPECT_SECONDS = 5.0
"""Lists are not read again more often than this because a call did not fit them."""


class Upstream:
    """One mounted server, for one kernel. `shared` is the session for lists, and for calls where
    clients share one; `pool` has one for each client where they do not."""

    def __init__(
        self, sections: RemoteSections, kernel: Kernel, shared: Line, pool: Pool | None
    ) -> None:
        self.shared = shared
        self.loaded = anyio.Event()
        """Set once the lists were read, or could not be."""
        self.failure: Exception | None = None
        self.held = HeldCalls(kernel)
        self._sections = sections
        self._kernel = kernel
        self.pool = pool
        self._wanted = anyio.Event()
        self._seen: Any = None
        self._suspected = 0.0
        self._pending: Listing | None = None
        self._open = False
        self._watched: dict[str, str] = {}
        self._scope = anyio.CancelScope()
        shared.hearers.append(self)

    # -- lists ------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        return self._sections.label

    async def live(self) -> None:
        """Keep the lists fresh, and close sessions nobody uses, until `stop`."""
        with self._scope:
            async with anyio.create_task_group() as group:
                group.start_soon(self._keep_fresh)
                if self.pool is not None:
                    group.start_soon(self._sweep, self.pool)

    def stop(self) -> None:
        self._scope.cancel()

    async def _keep_fresh(self) -> None:
        """Read the lists, and again whenever they may have changed; never returns."""
        delay = FIRST_RETRY_SECONDS
        while True:
            self._wanted = anyio.Event()
            if await self._read():
                delay = FIRST_RETRY_SECONDS
                await self._wanted.wait()
            else:
                # Many servers lose the same upstream at the same time; they shall not return so.
                with anyio.move_on_after(delay * random.uniform(0.5, 1.5)):
                    await self._wanted.wait()
                delay = min(delay * 2, LAST_RETRY_SECONDS)

    async def _read(self) -> bool:
        session = self.shared.session
        try:
            with anyio.fail_after(READ_SECONDS):
                introduced = await session.initialize()
                await session.initialized()
                self._seen = session.server_info
                self._pending = await read_listing(session, introduced, self._sections.app_id)
            self.failure = None
            if self._open:
                self._publish()
        except Exception as error:
            if self.failure is None:
                told = str(error) or type(error).__name__
                log.warning("%s: its lists cannot be read: %s", self._sections.label, told)
            self.failure = error
        finally:
            self.loaded.set()
        return self.failure is None

    def open(self) -> None:
        """List what was read; from now on as soon as it is read. Until then others may come first:
        names go by the order of mounting, not by who answers fastest."""
        self._open = True
        self._publish()

    def _publish(self) -> None:
        listing, self._pending = self._pending, None
        if listing is not None:
            self._sections.publish(listing)

    def refresh(self) -> None:
        """Have the lists read again soon."""
        self._wanted.set()

    def heard(self, method: str, params: Mapping[str, Any]) -> None:
        if method.endswith("/list_changed"):
            self.refresh()
        elif method == "notifications/resources/updated":
            self._updated(str(params.get("uri")))

    def logged(self, message: LogMessage) -> None:
        """What is about no call is for everybody who shares the session. Other processes hear it
        from sessions of their own."""
        if self.pool is None:
            self._kernel.announce(message)

    # -- calls ------------------------------------------------------------------------------------

    def line(self, ctx: Context) -> AbstractAsyncContextManager[Line]:
        """The session for this caller's calls; one that is shared is there as long as it is needed,
        and nobody has to come here for it."""
        return nullcontext(self.shared) if self.pool is None else self.pool.line(ctx)

    @property
    def logs(self) -> bool:
        """Whether it can be told how much to log."""
        return self._sections.logs

    def answered(self, line: Line) -> None:
        """A call is over: was it on another connection than the one the lists were read on?"""
        if line is self.shared and line.session.server_info is not self._seen:
            self.refresh()

    def doubt(self, error: RemoteError) -> None:
        """A listed tool that is refused as unknown may be gone without a word."""
        odd = error.code in (INVALID_PARAMS, METHOD_NOT_FOUND)
        now = anyio.current_time()
        if odd and now - self._suspected > SUSPECT_SECONDS:
            self._suspected = now
            self.refresh()

    # -- resources that are watched ---------------------------------------------------------------

    async def watch(self, uri: str, here: str) -> None:
        """Hear of changes of `uri`, which is `here` to our own clients."""
        if uri not in self._watched:
            await self.shared.session.subscribe_resource(uri)
            self._watched[uri] = here

    def _updated(self, uri: str) -> None:
        notice = ResourceUpdated(uri=self._watched.get(uri) or self._sections.uri_here(uri))
        if any(each.hears(notice) for each in self._kernel.audience):
            self._kernel.broadcast(notice)
        elif uri in self._watched:
            del self._watched[uri]
            self._kernel.spawn(lambda: self._unwatch(uri))

    async def _unwatch(self, uri: str) -> None:
        try:
            await self.shared.session.unsubscribe_resource(uri)
        except ZCPError as error:
            log.debug("%s: could not stop watching %s: %s", self._sections.label, uri, error)

    # -- the end ----------------------------------------------------------------------------------

    @staticmethod
    async def _sweep(pool: Pool) -> None:
        while True:
            await anyio.sleep(SWEEP_SECONDS)
            await pool.sweep()

    async def aclose(self, *, shared: bool) -> None:
        """Stop hearing; close the pool, and the `shared` session if it is this one's to close."""
        if self in self.shared.hearers:
            self.shared.hearers.remove(self)
        if self.pool is not None:
            await self.pool.aclose()
        if shared:
            await close(self.shared)
