"""The endpoints of the authorization server as ASGI applications, each bounded in what it takes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from attrs import frozen
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ..pages.flow import MOST_FIELDS, Flow, address_of
from ..threads import Threads
from .core import Core
from .metadata import metadata
from .registration import Registration
from .requests import CoreResponse

Handler = Callable[[Request], Awaitable[Response]]
ASGI = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]

MOST_BODY_BYTES = 65_536
MOST_QUERY_BYTES = 16_384
MOST_CORE_THREADS = 8
_FORM = "application/x-www-form-urlencoded"


@frozen
class Endpoint:
    """One path, as an ASGI application. Below it there is nothing."""

    handler: Handler
    methods: tuple[str, ...]
    below: str = ""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError("this path speaks HTTP only")
        response = await self._answer(Request(scope, _Bounded(receive)), scope)
        await response(scope, receive, send)

    async def _answer(self, request: Request, scope: MutableMapping[str, Any]) -> Response:
        remainder = scope["path"][len(scope.get("root_path", "")) :].rstrip("/")
        if remainder != self.below:
            return _error(404, "invalid_request", "there is nothing here")
        method = "GET" if request.method == "HEAD" else request.method
        if method not in self.methods:
            response = _error(405, "invalid_request", f"use {' or '.join(self.methods)}")
            response.headers["allow"] = ", ".join(self.methods)
            return response
        if len(scope.get("query_string", b"")) > MOST_QUERY_BYTES:
            return _error(414, "invalid_request", "the query is too long")
        try:
            return await self.handler(request)
        except _TooLong:
            return _error(413, "invalid_request", f"at most {MOST_BODY_BYTES} bytes")
        except ClientDisconnect:
            return Response(status_code=400)


class _TooLong(Exception):
    """The body goes beyond what is taken."""


class _Bounded:
    """ASGI's `receive`, that raises `_TooLong` beyond the bound."""

    def __init__(self, receive: Any) -> None:
        self._receive = receive
        self._taken = 0

    async def __call__(self) -> Any:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > MOST_BODY_BYTES:
            raise _TooLong
        return message


class Site:
    """All endpoints, by path."""

    def __init__(self, core: Core, flow: Flow, threads: Threads) -> None:
        self._core = core
        self._flow = flow
        self._threads = threads
        self._registration = Registration(core.parts)

    def mounts(self) -> dict[str, ASGI]:
        """Path -> application, the issuer's path included."""
        base = urlsplit(self._core.parts.issuer).path.rstrip("/")
        told = Endpoint(self._metadata, ("GET",))
        mounts: dict[str, ASGI] = {
            f"{base}/authorize": Endpoint(self._flow.authorize, ("GET", "POST")),
            f"{base}/sign-in": Endpoint(self._flow.sign_in, ("GET", "POST")),
            f"{base}/sign-in/callback": Endpoint(self._flow.callback, ("GET",)),
            f"{base}/token": Endpoint(self._form(self._core.token), ("POST",)),
            f"{base}/revoke": Endpoint(self._form(self._core.revoke), ("POST",)),
            f"{base}/introspect": Endpoint(self._form(self._core.introspect), ("POST",)),
            f"{base}/register": Endpoint(self._register, ("POST",)),
            f"{base}/jwks": Endpoint(self._jwks, ("GET",)),
            f"/.well-known/oauth-authorization-server{base}": told,
            f"/.well-known/openid-configuration{base}": told,
        }
        if base:
            mounts[f"{base}/.well-known/openid-configuration"] = told
        return mounts

    def _form(
        self, serve: Callable[[list[tuple[str, str]], Mapping[str, str]], CoreResponse]
    ) -> Handler:
        async def handle(request: Request) -> Response:
            if request.headers.get("content-type", "").partition(";")[0].strip() != _FORM:
                return _error(400, "invalid_request", f"send {_FORM}")
            if len(request.headers.getlist("dpop")) > 1:
                return _error(400, "invalid_dpop_proof", "send one proof")
            body = await request.body()
            try:
                text = body.decode("utf-8")
                pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
            except ValueError:
                return _error(400, "invalid_request", "the form cannot be read")
            return answered(await self._threads.run(serve, pairs, headers_of(request)))

        return handle

    async def _register(self, request: Request) -> Response:
        body = await request.body()
        try:
            metadata = json.loads(body)
        except (ValueError, RecursionError):
            metadata = None
        given = cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else None
        register = self._registration.register
        address = address_of(request)
        return answered(await self._threads.run(register, given, headers_of(request), address))

    async def _metadata(self, request: Request) -> Response:
        return JSONResponse(metadata(self._core.parts), headers={"cache-control": "max-age=300"})

    async def _jwks(self, request: Request) -> Response:
        keys = self._core.parts.keys
        told = {"keys": list[Any]()} if keys is None else await self._threads.run(self._public)
        return JSONResponse(told, headers={"cache-control": "max-age=300"})

    def _public(self) -> dict[str, Any]:
        keys = self._core.parts.keys
        assert keys is not None
        keys.signer(self._core.parts.clock())
        return keys.public()


def headers_of(request: Request) -> dict[str, str]:
    """The header fields the core reads."""
    wanted = ("Authorization", "DPoP")
    return {name: request.headers[name] for name in wanted if name in request.headers}


def answered(answer: CoreResponse) -> Response:
    response = JSONResponse(answer.body or {}, answer.status)
    for name, value in answer.headers:
        response.headers[name] = value
    return response


def _error(status: int, error: str, message: str) -> Response:
    body = {"error": error, "error_description": message}
    return JSONResponse(body, status, headers={"cache-control": "no-store"})
