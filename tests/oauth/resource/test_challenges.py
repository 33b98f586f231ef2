"""What a caller without the right token is told, and where it can get one."""

from __future__ import annotations

from typing import Any

import pytest
from http_core import configured, running
from oauth_site import ISSUER, World, app_with_scopes, web_client, with_secret, world
from published import published
from zcp_auth_oauth.config import OAuthConfig, ResourceServerConfig
from zcp_kernel.config import ToolExposureConfig
from zcp_kernel.errors import ConfigError

pytestmark = pytest.mark.anyio

PRM = "/.well-known/oauth-protected-resource"


@pytest.mark.parametrize("path", ["/mcp", "/zcp", "/sse"])
async def test_without_a_token_the_way_to_one_is_shown(path: str) -> None:
    async with world() as here:
        answer = await here.site.client(path).request("GET")
        assert answer.status == 401
        challenge = answer.headers["www-authenticate"]
        assert challenge == f'Bearer resource_metadata="{ISSUER}{PRM}{path}"'
        told = (await here.site.client(f"{PRM}{path}").request("GET")).message
        assert told["resource"] == f"{ISSUER}{path}"
        assert told["authorization_servers"] == [ISSUER]
        assert told["scopes_supported"] == ["weather.read", "weather.write"]


async def test_the_root_tells_of_the_server_as_a_whole() -> None:
    async with world() as here:
        told = (await here.site.client(PRM).request("GET")).message
        assert told["resource"] == ISSUER
        assert told["resource_name"] == "Weather"
        assert (await here.site.client(f"{PRM}/nothing").request("GET")).status == 404


async def test_a_wrong_token_is_told_apart_from_none() -> None:
    async with world() as here:
        answer = await here.call("wrong")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_missing_scopes_are_named_all_at_once_with_those_held() -> None:
    async with world() as here:
        token = (await here.tokens())["access_token"]
        assert (await here.call(token, "forecast")).status == 200
        answer = await here.call(token, "change")
        client = here.mcp(token)
        await client.initialize()
        in_a_session = await client.post(client.tool("change"))
    for each in (answer, in_a_session):
        assert each.status == 403
        challenge = each.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in challenge
        assert 'scope="weather.read weather.write"' in challenge
        assert "resource_metadata=" in challenge


async def test_a_step_up_goes_on_in_the_same_session() -> None:
    async with world() as here:
        browser = here.browser()
        token = (await here.exchange(await here.code(browser=browser))).message["access_token"]
        client = here.mcp(token)
        await client.initialize()
        assert (await client.post(client.tool("change"))).status == 403
        more = await here.code(browser=browser, scope="weather.read weather.write")
        token = (await here.exchange(more)).message["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        assert (await client.post(client.tool("change"))).status == 200


async def test_lists_can_leave_out_what_may_not_be_called() -> None:
    hide = {"exposure": ToolExposureConfig(show_forbidden=False)}
    for sections, names in (({}, ["change", "forecast", "who"]), (hide, ["forecast", "who"])):
        async with world(sections=sections) as here:
            token = (await here.tokens())["access_token"]
            client = here.mcp(token)
            await client.initialize()
            listed = (await client.post(client.call("tools/list"))).message
        assert sorted(tool["name"] for tool in listed["result"]["tools"]) == names


async def test_an_opaque_token_of_another_server_is_asked_about() -> None:
    client, secret = with_secret(web_client("rs", redirect_uris=(), grant_types=()))
    answers: dict[str, Any] = {
        "good": {"active": True, "sub": "alice", "aud": f"{ISSUER}/mcp", "scope": "weather.read"},
        "elsewhere": {"active": True, "sub": "alice", "aud": "https://other.example"},
        "dead": {"active": False},
        "nobody": {"active": True, "aud": ISSUER},
        "old": {"active": True, "sub": "alice", "aud": ISSUER, "exp": 1},
    }

    def introspect(body: bytes) -> Any:
        return answers[body.partition(b"token=")[2].partition(b"&")[0].decode()]

    with published() as there:
        there.documents["/introspect"] = introspect
        settings = ResourceServerConfig(
            enabled=True, resource_url=ISSUER, introspection_url=f"{there.url}/introspect",
            introspection_issuer=there.url, client_id="rs", client_secret=secret,
        )  # fmt: skip
        application = configured(app_with_scopes(), {"resource_server": settings})
        async with running(application) as site:
            here = World(site, None)
            for _ in range(3):
                assert (await here.call("good")).status == 200
            asked = there.count("/introspect")
            for token in ("elsewhere", "dead", "nobody", "old"):
                assert (await here.call(token)).status == 401
    assert asked == 1, "the answer is believed for a moment"
    assert there.asked[0][1]["authorization"].startswith("Basic ")
    assert client.client_id == "rs"


def test_nothing_is_let_in_or_served_unless_it_is_enabled() -> None:
    for sections in ({}, {"oauth": OAuthConfig(issuer=ISSUER)}):
        composition = configured(app_with_scopes(), sections).composition
        assert composition.gate.names == []
        served = {each.path for each in composition.router.mounts}
        assert not served & {"/authorize", "/token", "/register", PRM}


def test_settings_that_make_no_sense_are_refused() -> None:
    wrong: list[dict[str, Any]] = [
        {"enabled": True},
        {"enabled": True, "issuer": "http://zcp.example.com"},
        {"enabled": True, "issuer": "https://zcp.example.com/"},
        {"enabled": True, "issuer": "https://zcp.example.com?x"},
        {"enabled": True, "issuer": ISSUER, "registration": "token"},
        {"enabled": True, "issuer": ISSUER, "database": "x", "provider": object()},
    ]
    for settings in wrong:
        with pytest.raises(ValueError, match=r"issuer|token|provider"):
            OAuthConfig(**settings)
    for name, contract in (("provider", "OAuthProvider"), ("sign_in", "SignIn")):
        given: dict[str, Any] = {"enabled": True, "issuer": ISSUER, name: object()}
        oauth = OAuthConfig(**given)
        with pytest.raises(ConfigError, match=contract):
            configured(app_with_scopes(), {"oauth": oauth})


async def test_a_native_handshake_tells_where_to_get_a_token() -> None:
    async with world() as here:
        token = (await here.tokens())["access_token"]
        info = {"name": "t", "version": "1"}
        hello = {"protocolVersion": "zcp/1", "capabilities": {}, "clientInfo": info}
        client = here.site.client("/zcp", authorization=f"Bearer {token}")
        told = (await client.post(client.call("initialize", hello))).message["result"]["auth"]
    assert told == {
        "issuer": ISSUER,
        "authorizationUrl": f"{ISSUER}/authorize",
        "tokenUrl": f"{ISSUER}/token",
        "registrationUrl": f"{ISSUER}/register",
        "scopes": ["weather.read", "weather.write"],
    }


async def test_the_first_challenge_names_the_scopes_to_begin_with() -> None:
    """And the one for more names those."""
    async with world(default_scopes=("weather.read",)) as here:
        answer = await here.call(None)
        assert 'scope="weather.read"' in answer.headers["www-authenticate"]
        token = (await here.tokens(scope=None))["access_token"]
        assert (await here.call(token, "forecast")).status == 200
        challenge = (await here.call(token, "change")).headers["www-authenticate"]
    assert challenge.count("scope=") == 1
    assert 'scope="weather.read weather.write"' in challenge
