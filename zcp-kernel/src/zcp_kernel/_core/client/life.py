"""The life of a client session: it connects, loses and regains its connection."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from math import inf
from typing import Any

import anyio

from ...errors import ConnectionLost, InvalidRequest
from ...model import (
    CallResult,
    Cancelled,
    Capabilities,
    ElicitationComplete,
    SubscriptionAcknowledged,
    TaskDescriptor,
)
from ...model.notices import LogLevel
from .caching.cache import ResponseCache
from .calling.pages import Visits
from .healing import rejoin_pauses
from .joining.joiner import Joiner, Target
from .joining.link import Link
from .link.calls import Deadline
from .link.connection import Connection
from .listening import Listener

log = logging.getLogger("zcp.client")

CLOSE_SECONDS = 30.0
"""How long leaving `async with` waits for the transport, whatever cancels the caller."""


class SessionLife:
    """Connections and what outlives them."""

    def __init__(
        self,
        target: Target,
        *,
        timeout: float | None,
        needs_initialize: bool = False,
        transport: str = "",
        cache: bool = True,
    ) -> None:
        self.transport = transport
        self._target = target
        self._hooks = target.hooks
        self._joiner = Joiner(target, self._heard, self._opened)
        self._timeout = timeout
        self._may_join = not needs_initialize
        self._declared: Capabilities | dict[str, Any] | None = None
        self._joining = anyio.Lock()
        self._announcing = anyio.Lock()
        self._failed = 0
        self._failure: Exception | None = None
        self._connection: Connection | None = None
        self._retired: list[Connection] = []
        self._link: Link | None = None
        self._listener: Listener | None = None
        self._closed = False
        self._leaving = anyio.Event()
        self._visits = Visits()
        self._subscriptions: set[str] = set()
        self._log_level: Any = None
        self._cache: ResponseCache | None = ResponseCache() if cache else None
        self._tools: dict[str, dict[str, Any]] = {}
        self._finished: OrderedDict[str, tuple[dict[str, Any], CallResult]] = OrderedDict()
        self._answered_at_once = 0
        self._task_ears: dict[str, list[Callable[[Any], None]]] = {}

    # -- life --------------------------------------------------------------------------------------

    async def initialize(
        self, capabilities: Capabilities | dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Connect and agree on a revision; again on an open session, returns what was agreed.

        Returns `{protocolVersion, serverInfo, capabilities, instructions?, auth?}`, whether the
        revision knows a handshake or not. The client's own capabilities follow from its hooks;
        members of `capabilities` stand instead. After a lost connection or a `close()` it connects
        anew. Raises the server's own refusal, `ConnectionLost`, `DeadlineExceeded`.
        """
        return await self._agreed(capabilities, opens=True)

    async def _agreed(
        self, capabilities: Capabilities | dict[str, Any] | None = None, *, opens: bool = False
    ) -> dict[str, Any]:
        """What `initialize` returns. A session that was closed is not opened again unless this is
        what `opens` it."""
        failed = self._failed
        async with self._joining:
            if self._link is not None and not self._link.connection.ended:
                return self._link.result
            if self._failure is not None and self._failed > failed:
                # Whoever tried while we waited for our turn found out for us.
                raise self._failure
            if capabilities is not None:
                self._declared = capabilities
            if self._closed and opens:
                self._closed, self._leaving = False, anyio.Event()
            await self._let_go()
            try:
                self._link = await self._joiner.join(
                    self._hooks.capabilities(self._declared), self._level(), self._deadline(None)
                )
            except Exception as error:
                self._failed, self._failure = self._failed + 1, error
                raise
            self._failure = None
            self._may_join = True
            self._listener = Listener(self._link, self._missed)
            return self._link.result

    def _opened(self, connection: Connection) -> None:
        self._check_open()
        self._connection = connection

    def _check_open(self) -> None:
        if self._closed:
            raise ConnectionLost("the session is closed; initialize() opens it again")

    async def _let_go(self) -> None:
        """Close what the last connection left, unless calls are still ending on it."""
        self._retired = [each for each in self._retired if each.in_flight]
        if self._connection is not None and self._connection not in self._retired:
            await self._connection.aclose()
        if self._cache is not None:
            self._cache.clear()

    async def _joined(self) -> Link:
        """The link, opened again if it was lost; a server that cannot be reached at once is given
        a little time."""
        self._check_open()
        if not self._may_join:
            raise InvalidRequest(
                "invalid: the session is not open: write `async with stdio_client(…) as client:`, "
                "or await client.initialize() first"
            )
        for pause in rejoin_pauses() if self._link is not None else ():
            try:
                await self._agreed()
                break
            except (ConnectionLost, OSError) as error:
                if self._closed or not getattr(error, "retryable", True):
                    raise
                log.info("the connection could not be opened again yet: %s", error)
            await self._rest(pause)
        else:
            await self._agreed()
        assert self._link is not None
        return self._link

    async def _rest(self, seconds: float) -> None:
        """Pause. Raises `ConnectionLost` as soon as the session is closed."""
        with anyio.move_on_after(seconds):
            await self._leaving.wait()
        self._check_open()

    async def aclose(self) -> None:
        """Close the connection; calls in flight raise `ConnectionLost`. Idempotent, legal from any
        task. `initialize()` opens the session again."""
        self._closed = True
        self._leaving.set()
        self._visits.give_up()
        self._subscriptions.clear()
        self._log_level = None
        for connection in (*self._retired, self._connection):
            if connection is not None:
                await connection.aclose()

    async def close(self) -> None:
        """`aclose`."""
        await self.aclose()

    # -- what was agreed ---------------------------------------------------------------------------

    @property
    def server_info(self) -> dict[str, Any]:
        """`{name, version, …}` of the server; empty before `initialize`."""
        info: dict[str, Any] = self._link.result["serverInfo"] if self._link is not None else {}
        return info

    @property
    def protocol_version(self) -> str | None:
        """The revision in use, None before `initialize`."""
        return self._link.revision.name if self._link is not None else None

    @property
    def session_id(self) -> str | None:
        """What the server calls this session, for another process to attach to; None where it has
        no name for it."""
        return self._connection.session_id if self._connection is not None else None

    @property
    def in_flight(self) -> dict[int, str]:
        """Id and wire method of every request that waits for its answer; see `cancel`."""
        return self._connection.in_flight if self._connection is not None else {}

    def cancel(self, request: int) -> bool:
        """Give up the request with this id (see `in_flight`): the server is told, and the call
        raises `RequestCancelled` where it is awaited. False if it no longer waits."""
        return self._connection is not None and self._connection.cancel(request)

    def stop_progress(self, token: int) -> None:
        """Nobody wants to hear of the progress with this token any more."""
        if self._connection is not None:
            self._connection.progress.pop(token, None)

    # -- what is told unasked ----------------------------------------------------------------------

    def _heard(self, notice: Any) -> bool:
        """Take note of what was told unasked; whether handlers are to hear of it, too."""
        listener = self._listener
        if listener is not None and isinstance(notice, SubscriptionAcknowledged):
            # An answer in all but name, to what the session itself asked.
            listener.acknowledged(notice)
            return False
        if listener is not None and listener.outdated(notice):
            return False
        if self._cache is not None:
            self._cache.heard(notice)
        if isinstance(notice, TaskDescriptor):
            for ear in self._task_ears.get(notice.task_id, ()):
                ear(notice)
        elif isinstance(notice, ElicitationComplete):
            self._visits.heard(notice)
        elif listener is not None and isinstance(notice, Cancelled):
            listener.cancelled(notice.request_id)
        return True

    def _missed(self) -> None:
        if self._cache is not None:
            self._cache.clear()

    def clear_cache(self) -> None:
        """Ask for everything anew, whatever its server said of keeping it."""
        if self._cache is not None:
            self._cache.clear()

    def _level(self) -> LogLevel | None:
        """What a server is asked to say of its log: where each request says so, one that says
        nothing hears nothing, though somebody listens."""
        level: LogLevel | None = self._log_level
        if level is None and self._hooks.log_handler is not None:
            level = "info"
        return level

    def _deadline(
        self, timeout: float | None, *, extends: bool = False, at_most: float | None = None
    ) -> Deadline:
        seconds = self._timeout if timeout is None else timeout
        return Deadline(
            inf if seconds is None else seconds, extends, inf if at_most is None else at_most
        )
