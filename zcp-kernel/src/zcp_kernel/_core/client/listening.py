"""Hearing of changes from a server that keeps no session: one open request that names them all.

Source: MCP 2026-07-28, basic/patterns/subscriptions. A stream that ends is opened anew; what was
missed in between is unknown, so everything kept is dropped then. A server that could not be reached
is left alone for longer and longer, but not once it has answered another call.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
from attrs import define, field

from ...errors import ConnectionLost, ExchangeRefused, MethodNotFound, RateLimited, ZCPError
from ...model import ListenParams, SubscriptionAcknowledged, SubscriptionFilter
from .joining.link import Link

log = logging.getLogger("zcp.client")

LISTEN = "mcp/listen"
SERVER_ERRORS = 500
PAUSES = (0.1, 0.5, 2.0, 10.0, 30.0)
"""Seconds before a stream is opened again, by how often in a row it brought nothing."""


@define(eq=False)
class _Stream:
    """One request and those that take its place. `decided`: `agreed` or `failure` is known;
    `heard`: the request that now stands was acknowledged; `lost`: its connection broke."""

    wanted: SubscriptionFilter
    number: int = 0
    heard: bool = False
    lost: bool = False
    agreed: SubscriptionFilter | None = None
    failure: Exception | None = None
    decided: anyio.Event = field(factory=anyio.Event)
    scope: anyio.CancelScope = field(factory=anyio.CancelScope)

    def settle(self, failure: Exception | None = None) -> None:
        if not self.decided.is_set():
            self.failure = failure
            self.decided.set()


class Listener:
    """Keeps one subscription open over one link. `missed` is called after a gap in it."""

    def __init__(self, link: Link, missed: Callable[[], None]) -> None:
        self._link = link
        self._missed = missed
        self._changing = anyio.Lock()
        self._stream: _Stream | None = None
        self._opening: _Stream | None = None
        self._replaced: deque[int] = deque(maxlen=100)

    async def follow(self, wanted: SubscriptionFilter, seconds: float) -> SubscriptionFilter:
        """Be told of this, and of nothing else, from now on; returns what the server agreed to.

        Raises `MethodNotFound`, the server's own error, `ConnectionLost`; what was followed before
        still is then.
        """
        async with self._changing:
            if LISTEN not in self._link.methods:
                raise MethodNotFound(LISTEN)
            if self._stream is not None and self._stream.wanted == wanted:
                return self._stream.agreed or SubscriptionFilter()
            former, stream = self._stream, None
            if wanted != SubscriptionFilter():
                stream = await self._opened(wanted, seconds)
            self._stream = stream
            if former is not None:
                self._replaced.append(former.number)
                former.scope.cancel()
            return stream.agreed or SubscriptionFilter() if stream else SubscriptionFilter()

    def later(self, follow: Callable[[], Awaitable[Any]], why: ZCPError) -> None:
        """Have `follow` tried again, as a stream that broke is opened again, if its failure says
        that the server may agree yet."""
        if _may_agree(why):
            work = partial(self._persist, follow)
            self._link.connection.spawn(work, name="zcp.client.listen")
        else:
            log.warning("changes will not be told of: %s", why)

    async def _persist(self, follow: Callable[[], Awaitable[Any]]) -> None:
        barren, woken = 1, False
        while not self._link.connection.ended:
            woken = await self._rest(_pause(barren), wakes=not woken)
            try:
                await follow()
            except ZCPError as error:
                if not _may_agree(error):
                    log.warning("changes will not be told of: %s", error)
                    return
                barren += 1
            else:
                return

    async def _opened(self, wanted: SubscriptionFilter, seconds: float) -> _Stream:
        stream = _Stream(wanted)
        self._opening = stream
        self._link.connection.spawn(partial(self._keep, stream), name="zcp.client.listen")
        try:
            with anyio.move_on_after(seconds):
                await stream.decided.wait()
        finally:
            self._opening = None
            if stream.agreed is None:
                stream.scope.cancel()
        if stream.failure is not None:
            raise stream.failure
        if stream.agreed is None:
            raise _Unheard("subscriptions/listen: the server does not acknowledge it")
        return stream

    def acknowledged(self, notice: SubscriptionAcknowledged) -> None:
        """The server's first word on a stream."""
        key = self._link.revision.client.subscription_key
        number = (notice.meta or {}).get(key)
        for stream in (self._opening, self._stream):
            if stream is not None and stream.number == number:
                if stream.agreed is not None:
                    self._missed()
                stream.agreed, stream.heard = notice.notifications, True
                stream.settle()

    def outdated(self, notice: Any) -> bool:
        """Whether a notice came on a stream that another took the place of, which tells it too."""
        key = self._link.revision.client.subscription_key
        meta: dict[str, Any] | None = getattr(notice, "meta", None)
        return meta is not None and meta.get(key) in self._replaced

    def cancelled(self, number: Any) -> None:
        """The server gives a stream up without an answer, as it may over one pipe."""
        stream = self._stream
        if stream is not None and stream.number == number:
            self._link.connection.cancel(stream.number)

    async def _keep(self, stream: _Stream) -> None:
        with stream.scope:
            barren, woken = 0, False
            while not self._link.connection.ended and await self._listen(stream):
                barren = 0 if stream.heard else barren + 1
                woken = await self._rest(_pause(barren), wakes=stream.lost and not woken)
        stream.settle(ConnectionLost("subscriptions/listen: the connection was closed"))

    async def _rest(self, seconds: float, *, wakes: bool) -> bool:
        """Pause; whether an answer to another call ended it early. Not twice in a row: a server may
        answer calls and break every stream."""
        if wakes:
            return await self._link.connection.incoming.answer_within(seconds)
        await anyio.sleep(seconds)
        return False

    async def _listen(self, stream: _Stream) -> bool:
        """Until the stream ends; whether it is worth opening again."""
        connection = self._link.connection
        method = self._link.methods[LISTEN]
        params = self._link.dressed(
            method.encode_params(ListenParams(stream.wanted)),
            tasks=stream.wanted.task_ids is not None,
        )
        headers = self._link.revision.client.request_headers(method.method, params)
        stream.number, stream.heard, stream.lost = connection.next_number(), False, False
        try:
            await connection.ask(
                method.method, params, headers=headers, repeatable=True, number=stream.number
            )
        except ZCPError as error:
            if stream.agreed is None:
                stream.settle(error)
                return False
            stream.lost = isinstance(error, ConnectionLost)
            log.info("the subscription ended and is opened again: %s", error)
        return True


class _Unheard(ConnectionLost):
    """The server took the request and says nothing to it."""


def _may_agree(error: ZCPError) -> bool:
    """Whether the server was not there, or not able to, rather than unwilling."""
    if isinstance(error, ExchangeRefused):
        return error.status >= SERVER_ERRORS
    return isinstance(error, (ConnectionLost, RateLimited)) and not isinstance(error, _Unheard)


def _pause(barren: int) -> float:
    return PAUSES[min(barren, len(PAUSES) - 1)] * random.uniform(0.5, 1.5)


def nothing_but(wanted: dict[str, Any]) -> SubscriptionFilter:
    """The filter with these members, those that ask for nothing left out."""
    return SubscriptionFilter(**{name: value for name, value in wanted.items() if value})
