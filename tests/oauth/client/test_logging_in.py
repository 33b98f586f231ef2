"""A client that is refused logs in, and its call goes on."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import pytest
from login_site import CALLBACK, URL, login_site
from oauth_site import ISSUER, web_client
from zcp_auth_oauth.client import (
    ClientIdentity,
    LoopbackRedirect,
    MemoryTokenStorage,
    UserGrant,
)

pytestmark = pytest.mark.anyio


def structured(result: dict[str, Any]) -> Any:
    return result["structuredContent"]


@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25", "2026-07-28"])
async def test_from_a_refusal_to_the_tool(revision: str) -> None:
    async with login_site() as site:
        auth = site.authorizer()
        async with site.session(auth, revision=revision) as client:
            told = structured(await client.call_tool("who"))
        assert told["subject"] == "u-alice"
        assert told["audience"] == [URL]
        asked = site.asked[0]
        registered = site.world.provider.get_client(asked["client_id"])
    assert len(site.asked) == 1
    assert asked["code_challenge_method"] == "S256"
    assert asked["resource"] == URL
    assert asked["redirect_uri"] == CALLBACK
    assert len(asked["state"]) >= 32
    assert registered.application_type == "native"
    assert registered.is_public
    token = site.wire.forms("authorization_code")[0]
    assert token["resource"] == URL
    assert token["client_id"] == asked["client_id"]
    assert "client_secret" not in token


async def test_one_login_for_many_who_are_refused_at_once() -> None:
    async with login_site() as site:
        auth = site.authorizer()
        async with site.session(auth) as client, anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(client.call_tool, "who")
        async with site.session(auth) as other:
            await other.call_tool("who")
    assert len(site.asked) == 1


async def test_what_the_tool_needs_is_asked_for_and_what_was_asked_for_stays() -> None:
    async with login_site(default_scopes=("weather.read",)) as site:
        auth = site.authorizer()
        async with site.session(auth) as client:
            first = structured(await client.call_tool("who"))["scopes"]
            assert (await client.call_tool("change"))["content"][0]["text"] == "sun"
            second = structured(await client.call_tool("who"))["scopes"]
        session = await auth.session()
    assert session is not None
    assert set(second) >= set(first) | {"weather.read", "weather.write"}
    assert {"weather.read", "weather.write"} <= set(session.requested)


async def test_scopes_the_user_may_not_have_are_asked_for_once() -> None:
    """Bob has only one of the scopes: what he may not do stays refused, and he is not pestered."""
    async with login_site() as site:
        site.user = "bob"
        auth = site.authorizer()
        async with site.session(auth) as client:
            for _ in range(4):
                answer = client.call_tool("change")
                with pytest.raises(Exception, match=r"scope|forbidden|403"):
                    await answer
            asked = len(site.asked)
            assert structured(await client.call_tool("who"))["subject"] == "u-bob"
    assert asked <= 3


async def test_a_login_that_is_stored_is_used_again() -> None:
    storage = MemoryTokenStorage()
    async with login_site() as site:
        for _ in range(2):
            async with site.session(site.authorizer(storage=storage)) as client:
                await client.call_tool("who")
    assert len(site.asked) == 1
    assert site.wire.paths().count("/register") == 1


async def test_a_client_that_was_registered_beforehand() -> None:
    async with login_site(registration="closed") as site:
        site.world.provider.add_client(web_client("mine", redirect_uris=(CALLBACK,)))
        grant = site.user_grant(client=ClientIdentity("mine"))
        async with site.session(site.authorizer(grant)) as client:
            assert structured(await client.call_tool("who"))["client"] == "mine"
    assert "/register" not in site.wire.paths()


async def test_a_registration_that_was_forgotten_is_made_anew() -> None:
    storage = MemoryTokenStorage()
    async with login_site() as site:
        await site.authorizer(storage=storage).login()
        (first,) = [form["client_id"] for form in site.wire.forms("authorization_code")]
        gone = json.loads(await storage.get(f"client {ISSUER}") or "")
        gone["secret_expires_at"] = 1.0
        await storage.set(f"client {ISSUER}", json.dumps(gone))
        await site.authorizer(storage=storage).login()
        second = site.wire.forms("authorization_code")[-1]["client_id"]
    assert first != second


async def test_a_client_the_server_has_forgotten_registers_again() -> None:
    """By a listener of ours: the browser comes back to it twice in one login."""
    storage, forgotten = MemoryTokenStorage(), [True]

    def forgetful(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path == "/token" and forgotten:
            forgotten.clear()
            return httpx2.Response(401, json={"error": "invalid_client"})
        return None

    async with login_site(meddle=forgetful) as site:

        async def show(url: str) -> None:
            back = await site.visit(url)
            async with httpx2.AsyncClient(trust_env=False) as browser:
                await browser.get(back)

        grant = UserGrant(LoopbackRedirect(show))
        session = await site.authorizer(grant, storage=storage).login()
    assert len(site.asked) == 2
    assert site.asked[0]["client_id"] != site.asked[1]["client_id"]
    assert session.client.client_id == site.asked[1]["client_id"]


async def test_a_login_that_was_ended_elsewhere_is_not_brought_back() -> None:
    storage = MemoryTokenStorage()
    async with login_site() as site:
        one, other = (site.authorizer(storage=storage) for _ in range(2))
        await one.login()
        await other.session()
        assert await one.logout()
        async with site.session(other) as client:
            await client.call_tool("who")
    assert site.wire.forms("refresh_token") == []
    assert len(site.asked) == 2


async def test_logging_out_ends_the_login_here_and_there() -> None:
    storage = MemoryTokenStorage()
    async with login_site() as site:
        auth = site.authorizer(storage=storage)
        session = await auth.login()
        assert (await site.world.call(session.tokens.access_token)).status == 200
        assert await auth.logout()
        assert (await site.world.call(session.tokens.access_token)).status == 401
        assert await auth.session() is None
        assert not await auth.logout()
    assert not [key for key in await storage.keys() if not key.startswith("client ")]


async def test_nothing_goes_to_another_server() -> None:
    from zcp_kernel.contracts import OutgoingRequest, Refusal

    async with login_site() as site:
        auth = site.authorizer()
        await auth.login()
        for url in ("https://evil.example/mcp", "http://127.0.0.1:8001/mcp", "http://localhost/"):
            request = OutgoingRequest("POST", url)
            assert await auth.headers(request) == {}
            assert not await auth.challenged(Refusal(request, 401, {}, {}))
        assert await auth.headers(OutgoingRequest("GET", f"{ISSUER}/other")) != {}
    assert len(site.asked) == 1


async def test_no_secret_in_what_is_shown() -> None:
    async with login_site(dpop="required") as site:
        auth = site.authorizer()
        session = await auth.login()
        shown = repr((auth, session, session.tokens, session.client, site.user_grant()))
        secrets = [session.tokens.access_token, session.tokens.refresh_token]
        assert session.dpop_key is not None
        secrets.append(session.dpop_key["d"])
    for secret in secrets:
        assert secret
        assert secret not in shown
