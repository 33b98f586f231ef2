"""What belongs to somebody else: sessions, handles, tokens (MCP, "Session Hijacking")."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from oauth_site import World, app_with_scopes, web_client, with_secret, world
from zcp_auth_oauth import digests
from zcp_auth_oauth.server import clients

pytestmark = pytest.mark.anyio


async def session_of(here: World, token: str) -> dict[str, str]:
    """The header that names a session of this token's."""
    client = here.mcp(token)
    await client.initialize()
    return {"mcp-session-id": client.headers["mcp-session-id"]}


async def test_a_session_is_good_for_nobody_else() -> None:
    async with world() as here:
        here.provider.add_client(web_client("other"))
        mine = (await here.tokens())["access_token"]
        session = await session_of(here, mine)
        bobs = (await here.tokens("bob"))["access_token"]
        another_clients = (await here.tokens(client_id="other"))["access_token"]
        for token, status in ((mine, 200), (bobs, 404), (another_clients, 404), (None, 401)):
            client = here.mcp(token, **session)
            answer = await client.post(client.tool("forecast"))
            assert answer.status == status


async def test_a_session_goes_on_with_a_refreshed_token() -> None:
    async with world() as here:
        tokens = await here.tokens()
        session = await session_of(here, tokens["access_token"])
        fresh = (await here.refresh(tokens["refresh_token"])).message["access_token"]
        client = here.mcp(fresh, **session)
        assert (await client.post(client.tool("forecast"))).status == 200


async def test_a_handle_is_good_for_nobody_else() -> None:
    app = app_with_scopes()

    @app.tool(output_mode="handle")
    def large() -> list[int]:
        return list(range(1000))

    async with world(app) as here:
        mine, bobs = await here.tokens(), await here.tokens("bob")

        async def native(token: str, message: Any) -> Any:
            client = here.site.client("/zcp", authorization=f"Bearer {token}")
            return (await client.post(message(client))).message

        made = await native(mine["access_token"], lambda one: one.tool("large"))
        read: Any = {"handle": made["result"]["handle"]["id"]}
        got = await native(mine["access_token"], lambda one: one.call("handles/read", read))
        stolen = await native(bobs["access_token"], lambda one: one.call("handles/read", read))
    assert "result" in got, got
    assert stolen["error"]["message"].startswith("not_found:"), stolen


async def test_a_token_is_revoked_by_its_own_client_alone() -> None:
    async with world() as here:
        here.provider.add_client(web_client("other"))
        token = (await here.tokens())["access_token"]
        await here.post("/revoke", {"token": token, "client_id": "other"})
        assert (await here.call(token)).status == 200
        done = await here.post("/revoke", {"token": token, "client_id": "web"})
        assert done.status == 200
        assert (await here.call(token)).status == 401


async def test_a_client_that_registered_itself_learns_nothing_about_others_tokens() -> None:
    spy, secret = with_secret(web_client("spy"))
    async with world() as here:
        here.provider.add_client(evolve(spy, origin="dynamic"))
        token = (await here.tokens())["access_token"]
        form = {"token": token, "client_id": "spy", "client_secret": secret}
        told = await here.post("/introspect", form)
        assert told.message == {"active": False}
        public = await here.post("/introspect", {"token": token, "client_id": "web"})
        assert public.message["error"] == "invalid_client"


async def test_secrets_are_compared_in_a_time_that_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every comparison of a secret goes through `same`, which is `hmac.compare_digest`, and of
    digests: neither its length nor where it differs shows."""
    compared: list[tuple[Any, Any]] = []
    client, secret = with_secret(web_client("app"))

    def watched(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return digests.same(one, other)

    monkeypatch.setattr(clients, "same", watched)
    async with world() as here:
        here.provider.add_client(client)
        for guess in (secret, secret[:-1], "", "x" * 5000):
            form = {"token": "t", "client_id": "app", "client_secret": guess or None}
            await here.post("/introspect", form)
    assert len(compared) == 3
    assert {len(one) for pair in compared for one in pair} == {32}


async def test_nothing_secret_is_kept_or_shown() -> None:
    async with world() as here:
        tokens = await here.tokens()
        kept = repr(vars(here.provider))
        shown = repr(here.site.application.settings) + repr(here.site.application.kernel.config)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert token not in kept
        assert token not in shown
