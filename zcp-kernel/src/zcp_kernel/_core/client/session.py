"""Asking a server: one request, whatever it takes to get its answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from attrs import frozen

from ...contracts import Method
from ...errors import (
    INVALID_REQUEST,
    ConnectionLost,
    DeadlineExceeded,
    InvalidParams,
    MethodNotFound,
    RateLimited,
    RemoteError,
    SessionLost,
    ZCPError,
)
from ...model import (
    Initialized,
    InputRequiredResult,
    SetLevelParams,
    SubscribeParams,
    SubscriptionFilter,
)
from .caching.cache import CACHEABLE, ResponseCache
from .healing import pause_before_repeating
from .joining.link import Link
from .life import CLOSE_SECONDS, SessionLife
from .link.calls import Deadline
from .listening import nothing_but
from .rounds import Rounds

__all__ = ["CLOSE_SECONDS", "SessionCore"]

log = logging.getLogger("zcp.client")

EFFECTS = frozenset(
    {"tools/call", "tools/pipeline", "tasks/create", "tasks/answer", "mcp/tasks/update"}
)
"""Operations that may do something twice if they are sent twice."""

ACKNOWLEDGE_SECONDS = 30.0
"""How long a server may take to say that it will tell of changes."""


Params = dict[str, Any] | None

_MENDABLE = (ConnectionLost, RateLimited, RemoteError)


@frozen
class _Manner:
    """How one request is sent."""

    repeatable: bool
    deadline: Deadline
    progress: Callable[..., Any] | None = None
    tasks: bool = False
    schema: Mapping[str, Any] | None = None


class SessionCore(SessionLife):
    """Everything of a session but the methods named after operations."""

    # -- readiness ---------------------------------------------------------------------------------

    async def initialized(self) -> None:
        """Tell the server that the session is ready. Sent once a connection; the first request
        sends it if you did not."""
        link = self._link
        if link is None or link.connection.ended:
            link = await self._joined()
        if not link.announced:
            link.announced = True
            await self._notify(link, Initialized())
        if not link.restored:
            link.restored = True
            await self._restore(link)

    async def _restore(self, link: Link) -> None:
        """What a former connection was told and this one was not."""
        if link.revision.stateless:
            try:
                await self._follow()
            except ZCPError as error:
                log.warning("changes will not be told of: %s", error)
            return
        asked: list[tuple[str, Any]] = [
            ("resources/subscribe", SubscribeParams(uri)) for uri in sorted(self._subscriptions)
        ]
        if self._log_level is not None:
            asked.append(("logging/setLevel", SetLevelParams(self._log_level)))
        manner = _Manner(repeatable=True, deadline=self._deadline(None))
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
    ) -> Any:
        """Send an operation's parameters (a model shape); returns its result (a model shape).

        What the server asks in between is answered by the hooks. A request that can do no harm
        twice (`repeatable`; reading is) is sent once more after a loss. `tasks` says that the
        answer may be a task, `schema` is the input schema of the tool that is called. For the
        timeouts see `call_tool`.

        Raises `MethodNotFound` if the agreed revision does not have it, `RemoteError` with the
        server's own code, message and data, `ConnectionLost`, `RateLimited`, `DeadlineExceeded`,
        `InputRequired`.
        """
        manner = _Manner(
            operation not in EFFECTS if repeatable is None else repeatable,
            self._deadline(timeout, extends=reset_timeout_on_progress, at_most=max_timeout),
            progress,
            tasks,
            schema,
        )
        result = await self._carried(operation, params, manner, fresh=False)
        rounds: Rounds | None = None
        while isinstance(result, InputRequiredResult):
            link = await self._ready()
            rounds = rounds or Rounds(operation, link.revision, self._hooks)
            params = await rounds.next(params, result)
            result = await self._carried(operation, params, manner, fresh=True)
        return result

    async def request(
        self, method: str, params: dict[str, Any] | None = None, *, timeout: float | None = None
    ) -> Any:
        """Send a request as it stands on the wire, for operations of an extension. Returns the
        result as it stands there; raises as `ask` does."""
        manner = _Manner(repeatable=False, deadline=self._deadline(timeout))
        link = await self._ready_within(manner.deadline, method)
        try:
            return await _sent(link, method, params, manner)
        except _MENDABLE as error:
            pause = self._again_after(link, error)
            if pause is None:
                raise
        link = await self._mended(pause, manner.deadline, method)
        return await _sent(link, method, params, manner)

    async def _carried(self, operation: str, params: Any, manner: _Manner, *, fresh: bool) -> Any:
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
        await anyio.sleep(pause)
        return await self._ready_within(deadline, what)

    async def _over(
        self, link: Link, operation: str, params: Any, manner: _Manner, *, fresh: bool
    ) -> Any:
        method = link.methods.get(operation)
        if method is None:
            raise MethodNotFound(f"{operation} in {link.revision.dialect} {link.revision.name}")
        members = method.encode_params(params)
        cache = None if fresh or operation not in CACHEABLE else self._cache
        if cache is None:
            raw = await _sent(link, method.method, members, manner)
        else:
            raw = await _found(cache, link, method, members, manner)
        try:
            return method.decode_result(raw)
        except ZCPError as error:
            raise _unreadable(method.method, error) from error

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


def _sent(link: Link, method: str, params: Params, manner: _Manner) -> Awaitable[Any]:
    told = link.dressed(params, tasks=manner.tasks)
    return link.connection.ask(
        method,
        told,
        headers=link.revision.client.request_headers(method, told, manner.schema),
        repeatable=manner.repeatable,
        deadline=manner.deadline,
        progress=manner.progress,
    )


async def _found(
    cache: ResponseCache, link: Link, method: Method, params: Params, manner: _Manner
) -> Any:
    """The result as it stands on the wire, or as it stood there when it was kept."""
    kept = cache.find(method.operation, params)
    if kept is not None:
        return kept
    changes = cache.changes
    raw = await _sent(link, method.method, params, manner)
    cache.keep(method.operation, params, raw, changes)
    return raw


def _unreadable(method: str, error: ZCPError) -> RemoteError:
    what = error.message if isinstance(error, InvalidParams) else str(error)
    return RemoteError(INVALID_REQUEST, f"the server's answer to {method} is {what}", error.data)
