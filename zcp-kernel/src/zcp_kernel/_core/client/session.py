"""Asking a server: one request, whatever it takes to get its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import anyio

from ...errors import (
    ConnectionLost,
    DeadlineExceeded,
    MethodNotFound,
    RateLimited,
    RemoteError,
    SessionLost,
    ZCPError,
)
from ...model import (
    Initialized,
    InputRequiredResult,
    Retried,
    SetLevelParams,
    SubscribeParams,
    SubscriptionFilter,
)
from .caching.cache import CACHEABLE
from .calling.pages import Pages, pages_of
from .calling.rounds import Rounds
from .calling.sending import Manner, Read, found, sent, unreadable
from .healing import pause_before_repeating
from .joining.link import Link
from .life import CLOSE_SECONDS, SessionLife
from .link.calls import Deadline
from .listening import nothing_but

__all__ = ["CLOSE_SECONDS", "SessionCore"]

log = logging.getLogger("zcp.client")

EFFECTS = frozenset(
    {"tools/call", "tools/pipeline", "tasks/create", "tasks/answer", "mcp/tasks/update"}
)
"""Operations that may do something twice if they are sent twice."""

ACKNOWLEDGE_SECONDS = 30.0
"""How long a server may take to say that it will tell of changes."""


_MENDABLE = (ConnectionLost, RateLimited, RemoteError)


class SessionCore(SessionLife):
    """Everything of a session but the methods named after operations."""

    # -- readiness ---------------------------------------------------------------------------------

    async def initialized(self) -> None:
        """Tell the server that the session is ready. Sent once a connection; the first request
        sends it if you did not."""
        link = self._link
        if link is None or link.connection.ended:
            link = await self._joined()
        async with self._announcing:
            if not link.announced:
                await self._notify(link, Initialized())
                link.announced = True
        if not link.restored:
            link.restored = True
            try:
                await self._restore(link)
            except BaseException:
                # Whoever did it has given up: it is left to the next.
                link.restored = False
                raise

    async def _restore(self, link: Link) -> None:
        """What a former connection was told and this one was not."""
        if link.revision.stateless:
            try:
                await self._follow()
            except ZCPError as error:
                if self._listener is not None:
                    self._listener.later(self._follow, error)
            return
        asked: list[tuple[str, Any]] = [
            ("resources/subscribe", SubscribeParams(uri)) for uri in sorted(self._subscriptions)
        ]
        if self._log_level is not None:
            asked.append(("logging/setLevel", SetLevelParams(self._log_level)))
        manner = Manner(repeatable=True, deadline=self._deadline(None))
        for operation, params in asked:
            try:
                # Over this link or not at all: what is lost again is restored with the next one.
                await self._over(link, operation, params, manner, fresh=True)
            except ZCPError as error:
                log.warning("%s could not be restored: %s", operation, error)

    async def _follow(self) -> SubscriptionFilter:
        """Have a server without sessions tell of what this one is to hear of."""
        link, listener = self._link, self._listener
        assert link is not None
        assert listener is not None
        declared: dict[str, dict[str, Any] | None] = link.result["capabilities"]
        told = {
            f"{member}_list_changed": True
            for member in ("tools", "prompts", "resources")
            if self._hooks.notification_handler is not None
            and (declared.get(member) or {}).get("listChanged")
        }
        wanted = nothing_but(
            {
                **told,
                "resource_subscriptions": sorted(self._subscriptions),
                "task_ids": sorted(self._task_ears),
            }
        )
        return await listener.follow(wanted, ACKNOWLEDGE_SECONDS)

    async def _ready(self) -> Link:
        link = self._link
        if link is None or link.connection.ended:
            link = await self._joined()
        if not (link.announced and link.restored):
            await self.initialized()
        return link

    async def _ready_within(self, deadline: Deadline, what: str) -> Link:
        """A call does not wait longer for the connection than for its answer."""
        seconds = min(deadline.seconds, deadline.at_most)
        with anyio.move_on_after(seconds):
            return await self._ready()
        raise DeadlineExceeded(f"{what}: no connection within {seconds:g} s")

    # -- asking ------------------------------------------------------------------------------------

    async def ask(
        self,
        operation: str,
        params: Any,
        *,
        timeout: float | None = None,
        progress: Callable[..., Any] | None = None,
        repeatable: bool | None = None,
        reset_timeout_on_progress: bool = False,
        max_timeout: float | None = None,
        tasks: bool = False,
        schema: Mapping[str, Any] | None = None,
        manner: Manner | None = None,
    ) -> Any:
        """Send an operation's parameters (a model shape); returns its result (a model shape).

        What the server asks in between is answered by the hooks. A request that can do no harm
        twice (`repeatable`; reading is) is sent once more after a loss. `tasks` says that the
        answer may be a task, `schema` is the input schema of the tool that is called. For the
        timeouts see `call_tool`. Who sends many requests alike says all of it in one `manner`.

        Raises `MethodNotFound` if the agreed revision does not have it, `RemoteError` with the
        server's own code, message and data (`URLElicitationRequired` where pages have to be opened
        first), `ConnectionLost`, `RateLimited`, `DeadlineExceeded`, `InputRequired`.
        """
        if manner is None:
            manner = Manner(
                operation not in EFFECTS if repeatable is None else repeatable,
                self._deadline(timeout, extends=reset_timeout_on_progress, at_most=max_timeout),
                progress,
                tasks,
                schema,
            )
        result = await self._first(operation, params, manner)
        rounds: Rounds | None = None
        while isinstance(result, InputRequiredResult):
            link = await self._ready()
            rounds = rounds or Rounds(operation, link.revision, self._hooks)
            params = await rounds.next(params, result)
            result = await self._carried(operation, params, manner, fresh=True)
        return result

    def manner(
        self,
        *,
        repeatable: bool,
        timeout: float | None = None,
        tasks: bool = False,
        schema: Mapping[str, Any] | None = None,
        read: Read | None = None,
    ) -> Manner:
        """What `ask` takes; `read` makes a result of what came, instead of the method."""
        deadline = self._deadline(timeout)
        return Manner(repeatable, deadline, tasks=tasks, schema=schema, read=read)

    async def _first(self, operation: str, params: Any, manner: Manner) -> Any:
        """The first answer to a request, once every page the server wants opened was visited."""
        try:
            return await self._carried(operation, params, manner, fresh=False)
        except RemoteError as error:
            pages = self._pages_of(error) if isinstance(params, Retried) else None
            if pages is None:
                raise
        again = partial(self._carried, operation, params, manner, fresh=True)
        wait = min(manner.deadline.seconds, manner.deadline.at_most)
        return await self._visits.through(pages, self._hooks, again, self._pages_of, wait)

    def _pages_of(self, error: RemoteError) -> Pages | None:
        return None if self._link is None else pages_of(error, self._link.revision)

    async def request(
        self, method: str, params: dict[str, Any] | None = None, *, timeout: float | None = None
    ) -> Any:
        """Send a request as it stands on the wire, for operations of an extension. Returns the
        result as it stands there; raises as `ask` does."""
        manner = Manner(repeatable=False, deadline=self._deadline(timeout))
        link = await self._ready_within(manner.deadline, method)
        try:
            return await sent(link, method, params, manner)
        except _MENDABLE as error:
            pause = self._again_after(link, error)
            if pause is None:
                raise
        link = await self._mended(pause, manner.deadline, method)
        return await sent(link, method, params, manner)

    async def _carried(self, operation: str, params: Any, manner: Manner, *, fresh: bool) -> Any:
        """Over the link; once more, over a new one if need be, where that can do no harm."""
        link = self._link
        if link is None or not link.ready:
            link = await self._ready_within(manner.deadline, operation)
        try:
            return await self._over(link, operation, params, manner, fresh=fresh)
        except _MENDABLE as error:
            pause = self._again_after(link, error)
            if pause is None:
                raise
        link = await self._mended(pause, manner.deadline, operation)
        return await self._over(link, operation, params, manner, fresh=fresh)

    async def _mended(self, pause: float, deadline: Deadline, what: str) -> Link:
        await self._rest(pause)
        return await self._ready_within(deadline, what)

    async def _over(
        self, link: Link, operation: str, params: Any, manner: Manner, *, fresh: bool
    ) -> Any:
        method = link.methods.get(operation)
        if method is None:
            raise MethodNotFound(f"{operation} in {link.revision.dialect} {link.revision.name}")
        members = method.encode_params(params)
        cache = None if fresh or operation not in CACHEABLE else self._cache
        if cache is None:
            raw = await sent(link, method.method, members, manner)
        else:
            raw = await found(cache, link, method, members, manner)
        try:
            read = manner.read
            return method.decode_result(raw) if read is None else read(link.revision, method, raw)
        except ZCPError as error:
            raise unreadable(method.method, error) from error

    def _again_after(self, link: Link, error: ZCPError) -> float | None:
        if self._closed:
            return None
        if isinstance(error, SessionLost):
            self._retire(link)
        if isinstance(error, RemoteError):
            objection = link.revision.client.objection(error)
            if objection is None or objection.reason != "version":
                return None
            # Another server answers there now: what it speaks has to be found out again.
            self._joiner.forget()
            self._retire(link)
            return 0
        pause = pause_before_repeating(error, own_exchange=link.connection.exchanges)
        if pause is not None:
            log.info("sent again after %.1f s: %s", pause, error)
        return pause

    def _retire(self, link: Link) -> None:
        if not link.connection.ended:
            link.connection.retire()
            self._retired.append(link.connection)

    @staticmethod
    async def _notify(link: Link, notice: object) -> None:
        codec = link.revision.notices.get(type(notice))
        if codec is None:
            return
        params = codec.encode_params(notice)
        message = {"method": codec.method}
        await link.connection.tell({**message, "params": params} if params else message)
