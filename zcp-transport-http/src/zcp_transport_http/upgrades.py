"""WebSocket upgrades: guarded like requests, then left to the mount that claims the path.

A mount takes part by a method of its application: `websocket_credentials(scope)` gives header
fields for credentials that came elsewhere (a `ValueError` refuses the upgrade), and makes
this application ask who is calling. The mount then finds in `scope["extensions"]["zcp"]` the
`principal` and `admit(n)`, which counts n messages for the rate limit and returns None, or the
seconds to wait. Other mounts are guarded by host and origin alone, as they are over HTTP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from zcp_kernel.security import RequestFacts

from .guard.credentials import ANONYMOUS
from .guard.refusal import Refused
from .logs import Served, current
from .routing import Mount, below_mount, mounted
from .under_hypercorn.sockets import HypercornSocket, hypercorn_socket
from .wire import Headers, problem

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from zcp_kernel.security import Principal

    from .composition import Composition
    from .wire import Receive, Scope, Send

__all__ = ["Upgrades"]

Admit = Callable[[int], Awaitable[float | None]]

EXTENSION = "zcp"
DENIAL = "websocket.http.response"


class Upgrades:
    """Serves ASGI scopes of type `websocket` of one composition."""

    def __init__(self, composition: Composition) -> None:
        self._parts = composition
        streamable = composition.settings.streamable
        self._session_headers = (
            streamable.session_header.lower(), streamable.native_session_header.lower(),
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = hypercorn_socket(send)
        if socket is None:
            return await self._serve(scope, receive, send, None)
        try:
            if not socket.refused:
                await self._serve(scope, receive, send, socket)
        finally:
            await socket.finish(receive)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, socket: HypercornSocket | None
    ) -> None:
        served = Served(self._session_headers)
        token = current.set(served)
        try:
            mount, guarded = await self._guarded(scope, served)
        except Refused as refused:
            await receive()
            await _deny(refused, scope, send)
            return
        finally:
            current.reset(token)
        limits: tuple[int, float] | None = getattr(mount.application, "websocket_limits", None)
        if socket is not None and limits is not None:
            socket.limit(limits[0])
        await mount.application(guarded, receive, send)

    async def _guarded(self, scope: Scope, served: Served) -> tuple[Mount, Scope]:
        parts = self._parts
        served.headers = headers = parts.intake.headers(scope)
        path = below_mount(scope)
        mount = parts.router.mount(path)
        if mount is None:
            raise Refused(404, f"there is no WebSocket at {path}")
        parts.hosts.check(headers, scope)
        inner = mounted(scope, mount)
        credentials: Any = getattr(mount.application, "websocket_credentials", None)
        if credentials is None:
            if parts.limit.enabled:
                await parts.limit.take(parts.limit.caller(None, scope))
            return mount, inner
        principal = await self._principal(credentials, headers, scope)
        served.principal = principal.subject
        known = {"principal": principal, "admit": self._admit(principal, scope)}
        offered: dict[str, Any] = scope.get("extensions") or {}
        return mount, {**inner, "extensions": {**offered, EXTENSION: known}}

    async def _principal(
        self, credentials: Callable[[Scope], Any], headers: Headers, scope: Scope
    ) -> Principal:
        """Who connects; counted by the rate limit, whether let in or not."""
        parts = self._parts
        principal = ANONYMOUS
        try:
            try:
                more = list(credentials(scope))
            except ValueError as error:
                raise Refused(400, str(error)) from None
            if more:
                headers = Headers([*scope["headers"], *more])
            facts = RequestFacts("GET", scope["path"], headers)
            principal = await parts.gate.admit(headers, facts)
        finally:
            if parts.limit.enabled:
                await parts.limit.take(parts.limit.caller(principal, scope))
        return principal

    def _admit(
        self, principal: Principal, scope: Scope
    ) -> Callable[[int], Awaitable[float | None]] | None:
        limit = self._parts.limit
        if not limit.enabled:
            return None
        caller = limit.caller(principal, scope)

        async def admit(messages: int) -> float | None:
            try:
                for _ in range(messages):
                    await limit.take(caller)
            except Refused as refused:
                return float(refused.members["retryAfterSeconds"])
            return None

        return admit


async def _deny(refused: Refused, scope: Scope, send: Send) -> None:
    """With the refusal's status where the server can send one (ASGI, "Websocket Denial Response");
    else the server says 403."""
    if DENIAL not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1000, "reason": refused.message})
        return

    async def denying(message: MutableMapping[str, Any]) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    await problem(
        denying, refused.status, refused.message, headers=refused.headers, **refused.members
    )
