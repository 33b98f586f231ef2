"""The life of a client session: it connects, loses and regains its connection, and asks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio

from ... import __version__
from ...errors import (
    INVALID_REQUEST,
    ConnectionLost,
    InvalidParams,
    InvalidRequest,
    MethodNotFound,
    RemoteError,
    ZCPError,
)
from ...model import (
    Capabilities,
    Implementation,
    Initialized,
    SetLevelParams,
    SubscribeParams,
)
from .connection import Connect, Connection
from .handshake import Link, Offers, shake_hands
from .hooks import ClientHooks
from .inbound import Inbound

log = logging.getLogger("zcp.client")

CLOSE_SECONDS = 30.0
"""How long leaving `async with` waits for the transport, whatever cancels the caller."""

EFFECTS = frozenset({"tools/call", "tools/pipeline", "tasks/create", "tasks/answer"})
"""Operations that may do something twice if they are sent twice."""


class SessionCore:
    """Everything of a session but the methods named after operations."""

    def __init__(
        self,
        connect: Connect,
        offers: Offers,
        hooks: ClientHooks,
        *,
        client_info: Implementation | None = None,
        timeout: float | None = None,
        needs_initialize: bool = False,
        transport: str = "",
    ) -> None:
        self.transport = transport
        self._connect = connect
        self._offers = offers
        self._hooks = hooks
        self._info = client_info or Implementation("zcp", __version__)
        self._timeout = timeout
        self._may_join = not needs_initialize
        self._declared: Capabilities | dict[str, Any] | None = None
        self._joining = anyio.Lock()
        self._connection: Connection | None = None
        self._link: Link | None = None
        self._closed = False
        self._subscriptions: set[str] = set()
        self._log_level: Any = None
        self._harmless: set[str] = set()

    # -- life --------------------------------------------------------------------------------------

    async def initialize(
        self, capabilities: Capabilities | dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Connect and agree on a revision; again on an open session, returns what was agreed.

        Returns `{protocolVersion, serverInfo, capabilities, instructions?, auth?}`. The client's
        own capabilities follow from its hooks; members of `capabilities` stand instead. After a
        lost connection or a `close()` it connects anew.
        """
        async with self._joining:
            if self._link is not None and not self._link.connection.ended:
                return self._link.result
            if capabilities is not None:
                self._declared = capabilities
            self._closed = False
            if self._connection is not None:
                await self._connection.aclose()
            self._link = await self._join()
            self._may_join = True
            return self._link.result

    async def initialized(self) -> None:
        """Tell the server that the session is ready. Sent once a connection; the first request
        sends it if you did not."""
        link = self._link
        if link is None or link.connection.ended:
            link = await self._joined()
        if not link.announced:
            link.announced = True
            await self._notify(link, Initialized())
            await self._restore()

    async def aclose(self) -> None:
        """Close the connection; calls in flight raise `ConnectionLost`. Idempotent, legal from any
        task. `initialize()` opens the session again."""
        self._closed = True
        self._subscriptions.clear()
        self._log_level = None
        if self._connection is not None:
            await self._connection.aclose()

    async def close(self) -> None:
        """`aclose`."""
        await self.aclose()

    async def _join(self) -> Link:
        connection = self._connection = Connection(self._connect)
        inbound = Inbound(connection, self._hooks)
        await connection.open()
        try:
            return await shake_hands(
                connection,
                self._offers,
                self._info,
                self._hooks.capabilities(self._declared),
                timeout=self._timeout,
                agreed=inbound.speak,
            )
        except BaseException:
            await connection.aclose()
            raise

    async def _joined(self) -> Link:
        """The link, opened again if it was lost."""
        if self._closed:
            raise ConnectionLost("the session is closed; initialize() opens it again")
        if not self._may_join:
            raise InvalidRequest(
                "invalid: the session is not open: write `async with stdio_client(…) as client:`, "
                "or await client.initialize() first"
            )
        await self.initialize()
        assert self._link is not None
        return self._link

    async def _restore(self) -> None:
        """What a former connection was told and this one was not."""
        asked: list[tuple[str, Any]] = [
            ("resources/subscribe", SubscribeParams(uri)) for uri in sorted(self._subscriptions)
        ]
        if self._log_level is not None:
            asked.append(("logging/setLevel", SetLevelParams(self._log_level)))
        for operation, params in asked:
            try:
                await self.ask(operation, params)
            except RemoteError as error:
                log.warning("%s could not be restored: %s", operation, error)

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
    def in_flight(self) -> dict[int, str]:
        """Id and wire method of every request that waits for its answer; see `cancel`."""
        return self._connection.in_flight if self._connection is not None else {}

    # -- asking ------------------------------------------------------------------------------------

    async def ask(
        self,
        operation: str,
        params: Any,
        *,
        timeout: float | None = None,
        progress: Callable[..., Any] | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        """Send an operation's parameters (a model shape); returns its result (a model shape).

        Raises `MethodNotFound` if the agreed revision does not have it, `RemoteError` with the
        server's own code, message and data, `ConnectionLost`, `DeadlineExceeded`.
        """
        link = await self._ready()
        method = link.methods.get(operation)
        if method is None:
            raise MethodNotFound(f"{operation} in {link.revision.dialect} {link.revision.name}")
        raw = await link.connection.ask(
            method.method,
            method.encode_params(params),
            repeatable=operation not in EFFECTS if repeatable is None else repeatable,
            timeout=self._timeout if timeout is None else timeout,
            progress=progress,
        )
        try:
            return method.decode_result(raw)
        except ZCPError as error:
            raise _unreadable(method.method, error) from error

    async def request(
        self, method: str, params: dict[str, Any] | None = None, *, timeout: float | None = None
    ) -> Any:
        """Send a request as it stands on the wire, for operations of an extension. Returns the
        result as it stands there; raises as `ask` does."""
        link = await self._ready()
        timeout = self._timeout if timeout is None else timeout
        return await link.connection.ask(method, params, timeout=timeout)

    def cancel(self, request: int) -> bool:
        """Give up the request with this id (see `in_flight`): the server is told, and the call
        raises `RequestCancelled` where it is awaited. False if it no longer waits."""
        return self._connection is not None and self._connection.cancel(request)

    async def _ready(self) -> Link:
        link = self._link
        if link is None or link.connection.ended:
            link = await self._joined()
        if not link.announced:
            await self.initialized()
        return link

    @staticmethod
    async def _notify(link: Link, notice: object) -> None:
        codec = link.revision.notices.get(type(notice))
        if codec is None:
            return
        params = codec.encode_params(notice)
        message = {"method": codec.method}
        await link.connection.tell({**message, "params": params} if params else message)


def _unreadable(method: str, error: ZCPError) -> RemoteError:
    what = error.message if isinstance(error, InvalidParams) else str(error)
    return RemoteError(INVALID_REQUEST, f"the server's answer to {method} is {what}", error.data)
