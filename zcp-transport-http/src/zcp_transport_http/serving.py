"""One request, from its scope to its answer: router, guards, credentials, endpoint."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from zcp_kernel.security import RequestFacts

from .cluster.vouching import is_vouched
from .guard.cors import is_preflight
from .guard.credentials import ANONYMOUS
from .guard.intake import Disconnected
from .guard.refusal import Refused
from .logs import ACCESS, LOGGER, Served, current
from .routing import Mount, Route, below_mount, mounted
from .watched import Answered
from .wire import Request, problem, respond

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from zcp_kernel.errors import ZCPError
    from zcp_kernel.security import Principal

    from .composition import Composition
    from .wire import Headers, Pairs, Receive, Scope, Send

INTERNAL_ERROR = -32603
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class Server:
    """Serves HTTP requests of one composition."""

    def __init__(self, composition: Composition) -> None:
        self._parts = composition
        streamable = composition.settings.streamable
        self._session_headers = (
            streamable.session_header.lower(), streamable.native_session_header.lower(),
        )  # fmt: skip
        self._cors = composition.cors.enabled
        self._secret = None if composition.cluster is None else composition.cluster.secret
        self._asks_who = composition.gate.closed or composition.limit.enabled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = self._parts
        path = below_mount(scope)
        found = parts.router.find(path)
        name = found.name if isinstance(found, Route) else "mount" if found else "unknown"
        answer = Answered(send, parts.metrics, name, scope["method"] == "HEAD")
        served = Served(self._session_headers)
        token = current.set(served)
        try:
            served.headers = headers = parts.intake.headers(scope)
            await self._guarded(found, path, headers, scope, receive, answer)
        except Refused as no:
            await problem(answer, no.status, no.message, headers=no.headers, **no.members)
        except Disconnected:
            return
        except Exception as error:
            if answer.status or isinstance(error, OSError):
                raise
            LOGGER.exception("%s %s failed", scope["method"], path)
            await problem(answer, 500, "internal error", code=INTERNAL_ERROR)
        finally:
            answer.done()
            if ACCESS.isEnabledFor(logging.INFO):
                facts = {"status": answer.status, "seconds": round(answer.seconds, 6)}
                ACCESS.info("%s %s", scope["method"], scope["path"], extra=facts)
            current.reset(token)

    def _guarded(
        self, found: Route | Mount | None, path: str, headers: Headers, scope: Scope,
        receive: Receive, answer: Answered,
    ) -> Awaitable[None]:  # fmt: skip
        parts = self._parts
        if self._cors:
            answer.extra = parts.cors.answer_headers(headers.get("origin"))
        if found is None:
            parts.hosts.check(headers, scope)
            return self._unknown(path, scope, answer)
        if not (isinstance(found, Route) and found.any_host):
            parts.hosts.check(headers, scope)
        if isinstance(found, Mount):
            return self._mounted(found, headers, scope, receive, answer)
        if scope["method"] == "OPTIONS":
            return self._options(found, headers, answer)
        return self._routed(found, path, headers, scope, receive, answer)

    async def _routed(
        self, route: Route, path: str, headers: Headers, scope: Scope, receive: Receive,
        answer: Answered,
    ) -> None:  # fmt: skip
        method = scope["method"]
        wanted = "GET" if method == "HEAD" and route.has_head else method
        endpoint = route.methods.get(wanted)
        if endpoint is None:
            allowed = ", ".join(route.allowed)
            fields = [(b"allow", allowed.encode())]
            return await problem(answer, 405, f"{path} takes {allowed}", headers=fields)
        principal = ANONYMOUS
        if self._asks_who:
            principal = await self._principal(route, headers, scope)
        body = b""
        if method not in _WITHOUT_BODY:
            body = await self._parts.intake.body(scope["headers"], receive)
        request = Request(wanted, path, headers, scope, receive, principal, body, self)
        return await endpoint(request, answer)

    def challenges(self, request: Request, error: ZCPError) -> Pairs:
        """See `Request.challenges`."""
        facts = _facts(request.scope, request.headers)
        return self._parts.gate.step_up(error, request.principal, facts)

    async def count(self, request: Request, messages: int) -> None:
        """See `Request.count`; what the router found is not limited if its route is not."""
        limit, found = self._parts.limit, self._parts.router.find(request.path)
        if limit.enabled and isinstance(found, Route) and found.limited:
            caller = limit.caller(request.principal, request.scope)
            for _ in range(messages):
                await limit.take(caller)

    async def _principal(self, route: Route, headers: Headers, scope: Scope) -> Principal:
        """Who calls; counted by the rate limit, whether let in or not."""
        parts = self._parts
        principal = ANONYMOUS
        try:
            if not route.public:
                principal = await parts.gate.admit(headers, _facts(scope, headers))
        finally:
            if route.limited and parts.limit.enabled and not is_vouched(headers, self._secret):
                await parts.limit.take(parts.limit.caller(principal, scope))
        served = current.get()
        if served is not None:
            served.principal = principal.subject
        return principal

    async def _mounted(
        self, mount: Mount, headers: Headers, scope: Scope, receive: Receive, answer: Answered
    ) -> None:
        parts = self._parts
        if parts.cors.enabled and is_preflight(scope["method"], headers):
            methods = (headers["access-control-request-method"],)
            answer.extra = parts.cors.preflight_headers(headers, methods)
            return await respond(answer, 204)
        if parts.limit.enabled:
            await parts.limit.take(parts.limit.caller(None, scope))
        await mount.application(mounted(scope, mount), receive, answer)
        return None

    async def _options(self, route: Route, headers: Headers, answer: Answered) -> None:
        parts = self._parts
        if parts.cors.enabled and is_preflight("OPTIONS", headers):
            answer.extra = parts.cors.preflight_headers(headers, route.allowed)
        await respond(answer, 204, headers=[(b"allow", ", ".join(route.allowed).encode())])

    async def _unknown(self, path: str, scope: Scope, answer: Answered) -> None:
        root = str(scope.get("root_path", "")).rstrip("/")
        paths = [root + each for each in self._parts.router.paths()]
        message = f"there is nothing at {root}{path}; there is {', '.join(paths)}"
        await problem(answer, 404, message, paths=paths)


def _facts(scope: Scope, headers: Headers) -> RequestFacts:
    return RequestFacts(scope["method"], scope["path"], headers)
