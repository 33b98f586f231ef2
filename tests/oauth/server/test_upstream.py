"""Signing in at another server, and what an attacker could make of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from jwts import Key, times
from oauth_site import ISSUER, World, answer_of, s256, web_client, world
from published import Published, published
from zcp_auth_oauth.signin.upstream import UpstreamSignIn

pytestmark = pytest.mark.anyio

KEY = Key("RS256")


class Provider:
    """An OpenID Connect provider in which one user is signed in all the time."""

    def __init__(self, there: Published) -> None:
        self.url = there.url
        self.asked: dict[str, str] = {}
        self.claims: dict[str, Any] = {}
        self.exchanged: list[dict[str, list[str]]] = []
        there.documents |= {
            "/.well-known/openid-configuration": {
                "issuer": there.url, "jwks_uri": f"{there.url}/jwks",
                "authorization_endpoint": f"{there.url}/authorize",
                "token_endpoint": f"{there.url}/token",
            },
            "/jwks": KEY.jwks,
            "/token": self.token,
        }  # fmt: skip

    def authorize(self, url: str) -> str:
        """Where the browser is sent at once."""
        assert url.startswith(f"{self.url}/authorize?")
        self.asked = answer_of(url)
        back = {"code": "upstream-code", "state": self.asked["state"]}
        return f"{self.asked['redirect_uri']}?{urlencode(back)}"

    def token(self, body: bytes) -> Any:
        form = parse_qs(body.decode())
        self.exchanged.append(form)
        if s256(form["code_verifier"][0]) != self.asked["code_challenge"]:
            return (400, {}, b"{}")
        claims = {
            "iss": self.url, "sub": "carol", "aud": "zcp", "name": "Carol",
            "nonce": self.asked["nonce"], **times(), **self.claims,
        }  # fmt: skip
        return {"id_token": KEY.sign(claims), "access_token": "x", "token_type": "Bearer"}


@asynccontextmanager
async def upstream(**options: Any) -> AsyncGenerator[tuple[World, Provider]]:
    with published() as there:
        provider = Provider(there)
        sign_in = UpstreamSignIn(there.url, "zcp", "s3cret", **options)
        async with world(sign_in=sign_in) as here:
            yield here, provider


async def to_callback(here: World, provider: Provider, browser: Any, **more: Any) -> str:
    """Up to the URL the other server sends the browser back to."""
    first = await browser.request("GET", here.authorize_url(**more))
    second = await browser.request("GET", first.headers["location"])
    assert second.status == 303
    return provider.authorize(second.headers["location"])


async def test_a_user_of_another_server_logs_in() -> None:
    async with upstream(scopes=("weather.read",)) as (here, provider):
        browser = here.browser()
        back = await to_callback(here, provider, browser)
        assert back.startswith(f"{ISSUER}/sign-in/callback?")
        answer = await browser.request("GET", back)
        code = answer_of(await browser.walk(answer.headers["location"]))["code"]
        token = (await here.exchange(code)).message["access_token"]
        who = await here.call(token, "who")
        told = who.message["result"]["structuredContent"]
    assert told["subject"] == f"{provider.url}|carol"
    assert told["scopes"] == ["weather.read"]
    assert provider.exchanged[0]["redirect_uri"] == [f"{ISSUER}/sign-in/callback"]


async def test_what_users_may_have_follows_from_what_is_said_of_them() -> None:
    def scopes(claims: Any) -> tuple[str, ...]:
        return ("weather.read",) if claims["name"] == "Carol" else ()

    async with upstream(scopes=scopes) as (here, provider):
        for name, expected in (("Carol", "code"), ("Dave", "error")):
            provider.claims = {"name": name, "sub": name}
            browser = here.browser()
            back = await to_callback(here, provider, browser)
            answer = await browser.request("GET", back)
            url = await browser.walk(answer.headers["location"])
            assert expected in answer_of(url)


async def test_a_confused_deputy_still_asks_the_user() -> None:
    """The other server knows us, not our clients: it sends the user back without a page. Each
    client is consented to here all the same."""
    async with upstream(scopes=("weather.read",)) as (here, provider):
        here.provider.add_client(web_client("evil", redirect_uris=("https://evil.example/cb",)))
        browser = here.browser()
        back = await to_callback(here, provider, browser)
        answer = await browser.request("GET", back)
        assert "code" in answer_of(await browser.walk(answer.headers["location"]))
        evil: Any = {"client_id": "evil", "redirect_uri": "https://evil.example/cb"}
        page = await browser.request("GET", here.authorize_url(**evil))
        assert page.status == 200
        assert b'value="allow"' in page.body
        assert b"evil.example" in page.body


async def test_an_answer_is_good_in_the_browser_that_asked() -> None:
    async with upstream() as (here, provider):
        victim = here.browser()
        planted = await to_callback(here, provider, here.browser())
        assert (await victim.request("GET", planted)).status == 403
        await to_callback(here, provider, victim)
        assert (await victim.request("GET", planted)).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"}, {"aud": "somebody else"}, {"iss": "https://evil.example"},
        {"exp": 1}, {"sub": None}, {"aud": ["zcp", "another"]},
    ],
)  # fmt: skip
async def test_an_id_token_that_does_not_fit_signs_nobody_in(wrong: dict[str, Any]) -> None:
    async with upstream() as (here, provider):
        provider.claims = wrong
        browser = here.browser()
        back = await to_callback(here, provider, browser)
        answer = await browser.request("GET", back)
        assert answer.status == 403
        assert "zcp-session" not in browser.cookies
        mixed = f"{back}&iss=https://evil.example"
        assert (await browser.request("GET", mixed)).status == 403


async def test_without_the_other_server_nobody_signs_in() -> None:
    async with world(sign_in=UpstreamSignIn("http://127.0.0.1:9", "zcp", "s")) as here:
        browser = here.browser()
        first = await browser.request("GET", here.authorize_url())
        assert (await browser.request("GET", first.headers["location"])).status == 503
