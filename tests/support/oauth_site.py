"""A server with authorization, in memory: a browser, a client, and the protocol endpoints."""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import anyio
from argon2 import PasswordHasher
from asgi import Answer, Client
from attrs import define, evolve, field
from http_core import Site, configured, running
from zcp_auth_oauth.config import OAuthConfig
from zcp_auth_oauth.digests import SECRET, digest_of, new_token
from zcp_auth_oauth.models import OAuthClient, User
from zcp_auth_oauth.providers.memory import InMemoryOAuthProvider
from zcp_kernel.app import FastZCP
from zcp_transport_http.config import HTTPConfig

ISSUER = "http://127.0.0.1:8000"
REDIRECT = "https://client.example/cb"
PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
VERIFIER = secrets.token_urlsafe(48)
SCOPES = ("weather.read", "weather.write")


def s256(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def app_with_scopes() -> FastZCP:
    app = FastZCP("Weather", version="1.0")

    @app.tool
    def who(ctx: Any) -> dict[str, Any]:
        auth = ctx.auth
        return {
            "subject": ctx.principal.subject,
            "client": auth.client_id,
            "scopes": sorted(auth.scopes),
            "audience": list(auth.audience),
        }

    @app.tool(required_scopes=("weather.read",))
    def forecast() -> str:
        return "rain"

    @app.tool(required_scopes=("weather.read", "weather.write"))
    def change() -> str:
        return "sun"

    return app


def users(provider: Any) -> None:
    provider.add_user(User("u-alice", "alice", HASH, None, "Alice"))
    provider.add_user(User("u-bob", "bob", HASH, ("weather.read",), "Bob"))


def web_client(client_id: str = "web", **more: Any) -> OAuthClient:
    fields: dict[str, Any] = {"client_name": "Web", "redirect_uris": (REDIRECT,)}
    return OAuthClient(client_id, **{**fields, **more})


def with_secret(client: OAuthClient) -> tuple[OAuthClient, str]:
    """The client, with a secret it sends in the form."""
    secret = new_token(SECRET)
    method = "client_secret_post"
    digest = digest_of(secret)
    return evolve(client, secret_digest=digest, token_endpoint_auth_method=method), secret


@define
class Browser:
    """Cookies, forms, and redirects that are followed only when told to."""

    site: Site
    address: str = "192.0.2.1"
    cookies: dict[str, str] = field(factory=dict[str, str])

    async def request(
        self, method: str, url: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> Answer:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        fields = {"cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = b""
        if form is not None:
            fields |= {"content-type": "application/x-www-form-urlencoded", "origin": ISSUER}
            body = urlencode(form).encode()
        client = self.site.client(path, self.address)
        answer = await client.request(method, body, {**fields, **headers})
        for name, value in answer.headers.items():
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0].strip('"')
        return answer

    async def sign_in(self, url: str, name: str = "alice", password: str = PASSWORD) -> Answer:
        """From a sign-in page to what follows."""
        page = await self.request("GET", url)
        assert page.status == 200, page.body
        fields = {"username": name, "password": password, "guard": guard_of(page)}
        return await self.request("POST", url, fields)

    async def decide(self, url: str, decision: str = "allow") -> Answer:
        """From a consent page to what follows."""
        page = await self.request("GET", url)
        assert page.status == 200, (page.status, page.headers)
        return await self.request("POST", url, {"decision": decision, "guard": guard_of(page)})

    async def walk(self, url: str, name: str = "alice") -> str:
        """Sign in and allow as far as asked; where the client is sent in the end."""
        for _ in range(6):
            answer = await self.request("GET", url)
            if answer.status == 200 and b'name="password"' in answer.body:
                answer = await self.sign_in(url, name)
            elif answer.status == 200:
                answer = await self.decide(url)
            assert answer.status == 303, (answer.status, answer.body)
            url = answer.headers["location"]
            if not url.startswith(ISSUER):
                return url
        raise AssertionError("going round in circles")


def guard_of(page: Answer) -> str:
    found = re.search(r'name="guard" value="([^"]+)"', page.body.decode())
    assert found is not None, page.body
    return unescape(found[1])


@define
class World:
    """A running server, its provider, and ways to talk to it."""

    site: Site
    provider: Any

    def browser(self, **more: Any) -> Browser:
        return Browser(self.site, **more)

    def authorize_url(self, client_id: str = "web", **more: Any) -> str:
        asked: dict[str, Any] = {
            "response_type": "code", "client_id": client_id, "redirect_uri": REDIRECT,
            "code_challenge": s256(VERIFIER), "code_challenge_method": "S256",
            "scope": "weather.read", "state": "st&te=1", "resource": f"{ISSUER}/mcp", **more,
        }  # fmt: skip
        kept = {name: value for name, value in asked.items() if value is not None}
        return f"{ISSUER}/authorize?{urlencode(kept, doseq=True)}"

    async def post(self, path: str, form: Mapping[str, Any], **headers: str) -> Answer:
        kept = {name: value for name, value in form.items() if value is not None}
        fields = {"content-type": "application/x-www-form-urlencoded", **headers}
        body = urlencode(kept, doseq=True).encode()
        return await self.site.client(path).request("POST", body, fields)

    async def exchange(self, code: str, client_id: str = "web", **more: Any) -> Answer:
        headers = {"dpop": more.pop("proof")} if "proof" in more else {}
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "client_id": client_id, "code_verifier": VERIFIER, **more,
        }  # fmt: skip
        return await self.post("/token", form, **headers)

    async def refresh(self, token: str, client_id: str = "web", **more: Any) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
        return await self.post("/token", {**form, **more})

    async def code(self, name: str = "alice", browser: Browser | None = None, **more: Any) -> str:
        """A code for a user who signs in and allows everything."""
        url = await (browser or self.browser()).walk(self.authorize_url(**more), name)
        return answer_of(url)["code"]

    async def tokens(self, name: str = "alice", client_id: str = "web", **more: Any) -> Any:
        code = await self.code(name, client_id=client_id, **more)
        answer = await self.exchange(code, client_id)
        assert answer.status == 200, answer.body
        return answer.message

    def mcp(self, token: str | None, scheme: str = "Bearer", **headers: str) -> Client:
        authorization = {} if token is None else {"authorization": f"{scheme} {token}"}
        return self.site.client("/mcp", **authorization, **headers)

    async def call(self, token: str | None, tool: str = "forecast", path: str = "/zcp") -> Answer:
        """A call of a tool on the native plane, without a session."""
        authorization = {} if token is None else {"authorization": f"Bearer {token}"}
        client = self.site.client(path, **authorization)
        return await client.post(client.tool(tool))


def answer_of(url: str) -> dict[str, str]:
    """The parameters a client was sent back with."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def query_of(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query)


@asynccontextmanager
async def world(
    app: FastZCP | None = None,
    provider: Any = None,
    sections: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncGenerator[World]:
    """A server with the users alice and bob, and the public client `web`."""
    if provider is None:
        provider = InMemoryOAuthProvider()
    if provider.get_user("alice") is None:
        users(provider)
        provider.add_client(web_client())
    oauth = OAuthConfig(enabled=True, issuer=ISSUER, provider=provider, **settings)
    http = HTTPConfig(allowed_hosts=("127.0.0.1", "client.example"))
    application = configured(
        app or app_with_scopes(), {"oauth": oauth, "http": http, **(sections or {})}
    )
    async with running(application) as site:
        with anyio.fail_after(30):
            yield World(site, provider)
