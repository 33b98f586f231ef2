"""From a browser to a tool: the authorization code grant as a whole."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from http_core import configured, running
from oauth_site import (
    ISSUER,
    REDIRECT,
    VERIFIER,
    World,
    answer_of,
    app_with_scopes,
    users,
    web_client,
    world,
)
from zcp_auth_oauth.config import OAuthConfig
from zcp_auth_oauth.providers.memory import InMemoryOAuthProvider

pytestmark = pytest.mark.anyio


async def test_from_the_browser_to_the_tool() -> None:
    async with world() as here:
        url = await here.browser().walk(here.authorize_url())
        answer = answer_of(url)
        assert url.startswith(f"{REDIRECT}?")
        assert answer["state"] == "st&te=1"
        assert answer["iss"] == ISSUER
        issued = await here.exchange(answer["code"])
        assert issued.status == 200
        assert issued.headers["cache-control"] == "no-store"
        tokens = issued.message
        assert tokens["token_type"] == "Bearer"
        assert tokens["scope"] == "weather.read"
        assert tokens["expires_in"] == 900
        assert (await here.call(tokens["access_token"])).status == 200
        who = await here.call(tokens["access_token"], "who")
    told = who.message["result"]["structuredContent"]
    assert told["subject"] == "u-alice"
    assert told["client"] == "web"
    assert told["scopes"] == ["weather.read"]
    assert told["audience"] == [f"{ISSUER}/mcp"]
    assert urlsplit(url).fragment == ""


async def test_an_issuer_with_a_path_is_served_below_it() -> None:
    issuer = f"{ISSUER}/tenant"
    provider = InMemoryOAuthProvider()
    users(provider)
    provider.add_client(web_client())
    oauth = OAuthConfig(enabled=True, issuer=issuer, provider=provider)
    async with running(configured(app_with_scopes(), {"oauth": oauth})) as site:
        here = World(site, provider)
        for path in (
            "/.well-known/oauth-authorization-server/tenant",
            "/.well-known/openid-configuration/tenant",
            "/tenant/.well-known/openid-configuration",
        ):
            told = (await site.client(path).request("GET")).message
            assert told["issuer"] == issuer
            assert told["token_endpoint"] == f"{issuer}/token"
        root = await site.client("/.well-known/oauth-authorization-server").request("GET")
        assert root.status == 404
        url = here.authorize_url().replace("/authorize", "/tenant/authorize")
        answer = answer_of(await here.browser().walk(url))
        assert answer["iss"] == issuer
        form = {
            "grant_type": "authorization_code", "code": answer["code"], "client_id": "web",
            "redirect_uri": REDIRECT, "code_verifier": VERIFIER,
        }  # fmt: skip
        issued = await here.post("/tenant/token", form)
        assert (await here.call(issued.message["access_token"])).status == 200


async def test_pages_can_be_read_by_everybody() -> None:
    """Language, title, one heading of the first rank, labels, and messages that are announced."""
    async with world() as here:
        browser = here.browser()
        url = here.authorize_url().replace("/authorize", "/sign-in")
        sign_in = (await browser.request("GET", url)).body.decode()
        failed = (await browser.sign_in(url, password="wrong password")).body.decode()
        signed_in = await browser.sign_in(url)
        consent = (await browser.request("GET", signed_in.headers["location"])).body.decode()
    for page in (sign_in, failed, consent):
        assert page.startswith('<!doctype html><html lang="en">')
        assert page.count("<h1>") == 1
        assert "<main>" in page
        assert "<title>" in page
    for name in ("username", "password"):
        assert f'<label for="{name}">' in sign_in
        assert f'id="{name}"' in sign_in
    assert 'role="alert"' in failed
    for said in ("Web", "weather.read", f"{ISSUER}/mcp", "https://client.example", "Alice"):
        assert said in consent
