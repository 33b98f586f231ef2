"""A server with authorization in this process, a client that logs in there, and a scripted browser
in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import httpx2
from attrs import define, field
from http_core import running
from oauth_site import ISSUER, Browser, World, app_with_scopes, users, web_client
from zcp_auth_oauth.client import CallbackRedirect, OAuthAuthorizer, UserGrant, WebOptions
from zcp_auth_oauth.config import OAuthConfig
from zcp_auth_oauth.providers.memory import InMemoryOAuthProvider
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.config import ServerConfig
from zcp_transport_http import streamable_http_client, streamable_http_server
from zcp_transport_http.client.inprocess import InProcessServer

URL = f"{ISSUER}/mcp"
CALLBACK = "http://127.0.0.1:33418/callback"

Answer = httpx2.Response | None
Meddle = Callable[[httpx2.Request], Answer]


@define
class Sent:
    """A request of the authorization flow."""

    method: str
    path: str
    headers: Mapping[str, str]
    form: dict[str, str]


@define
class Wire(httpx2.AsyncBaseTransport):
    """Carries the authorization flow's requests to the application, and writes them down; `meddle`
    may answer instead."""

    application: Any
    meddle: Meddle | None = None
    sent: list[Sent] = field(factory=list[Sent])

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = (await request.aread()).decode()
        form = dict(parse_qsl(body)) if body and not body.startswith("{") else {}
        self.sent.append(Sent(request.method, request.url.path, request.headers, form))
        answer = self.meddle(request) if self.meddle is not None else None
        if answer is not None:
            return answer
        return await httpx2.ASGITransport(self.application).handle_async_request(request)

    def paths(self, method: str = "POST") -> list[str]:
        return [each.path for each in self.sent if each.method == method]

    def forms(self, grant: str) -> list[dict[str, str]]:
        return [each.form for each in self.sent if each.form.get("grant_type") == grant]


@define
class LoginSite:
    """A running server, its browser, and what was asked of both."""

    world: World
    server: InProcessServer
    wire: Wire
    browser: Browser
    user: str = "alice"
    asked: list[dict[str, str]] = field(factory=list[dict[str, str]])
    """The query of each authorization request."""

    change: Callable[[str], str] = field(default=lambda url: url)
    """What becomes of the URL the browser is sent back to."""

    async def visit(self, url: str) -> str:
        """As a browser: sign in and allow."""
        self.asked.append(dict(parse_qsl(urlsplit(url).query)))
        return self.change(await self.browser.walk(url, self.user))

    def user_grant(self, **more: Any) -> UserGrant:
        return UserGrant(CallbackRedirect(CALLBACK, self.visit), **more)

    def web(self) -> WebOptions:
        return WebOptions(transport=lambda: self.wire)

    def authorizer(self, grant: Any = None, **more: Any) -> OAuthAuthorizer:
        return OAuthAuthorizer(URL, grant or self.user_grant(), web=self.web(), **more)

    def session(self, auth: OAuthAuthorizer, **more: Any) -> ZCPClientSession:
        return streamable_http_client(self.server, auth=auth, **more)


@asynccontextmanager
async def login_site(
    app: FastZCP | None = None, provider: Any = None, meddle: Meddle | None = None, **settings: Any
) -> AsyncGenerator[LoginSite]:
    if provider is None:
        provider = InMemoryOAuthProvider()
        users(provider)
        provider.add_client(web_client())
    app = app or app_with_scopes()
    oauth = OAuthConfig(enabled=True, issuer=ISSUER, provider=provider, **settings)
    config = ServerConfig.load(app.host, environ={}, sections={"oauth": oauth})
    server = streamable_http_server(app, URL, config)
    async with running(server.application) as site:
        with anyio.fail_after(30):
            world = World(site, provider)
            wire = Wire(server.application, meddle)
            yield LoginSite(world, server, wire, world.browser())
