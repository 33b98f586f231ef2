"""Answers and tokens that are taken for somebody else's (RFC 9700, sections 4.4 and 4.10)."""

from __future__ import annotations

import pytest
from oauth_site import ISSUER, answer_of, query_of, world
from zcp_auth_oauth.digests import digest_of
from zcp_auth_oauth.models import AccessToken, Grant

pytestmark = pytest.mark.anyio


async def test_every_answer_says_who_it_comes_from() -> None:
    async with world() as here:
        granted = await here.browser().walk(here.authorize_url())
        failed = await here.browser().request("GET", here.authorize_url(scope="nonsense"))
        browser = here.browser()
        other = here.authorize_url(scope="weather.write").replace("/authorize", "/sign-in")
        signed_in = await browser.sign_in(other)
        denied = await browser.decide(signed_in.headers["location"], "deny")
        metadata = await here.site.client("/.well-known/oauth-authorization-server").request("GET")
    for url in (granted, failed.headers["location"], denied.headers["location"]):
        assert [value for name, value in query_of(url) if name == "iss"] == [ISSUER]
    assert answer_of(denied.headers["location"])["error"] == "access_denied"
    assert metadata.message["issuer"] == ISSUER
    assert metadata.message["authorization_response_iss_parameter_supported"] is True


async def test_an_iss_in_the_request_or_redirect_is_not_ours_to_repeat() -> None:
    async with world() as here:
        url = await here.browser().walk(here.authorize_url(iss="https://evil.example"))
    assert [value for name, value in query_of(url) if name == "iss"] == [ISSUER]


@pytest.mark.parametrize(
    "resource",
    [
        "https://evil.example",
        "https://127.0.0.1:8000/mcp",
        f"{ISSUER}.evil.example/mcp",
        f"{ISSUER}/other",
        f"{ISSUER}/mcp#x",
        "http://user@127.0.0.1:8000/mcp",
        "mcp",
    ],
)
async def test_no_token_for_another_resource(resource: str) -> None:
    async with world() as here:
        asked = await here.browser().request("GET", here.authorize_url(resource=resource))
        assert answer_of(asked.headers["location"])["error"] == "invalid_target"
        swapped = await here.exchange(await here.code(), resource=resource)
        assert swapped.message["error"] == "invalid_target"
        tokens = await here.tokens()
        refreshed = await here.refresh(tokens["refresh_token"], resource=resource)
        assert refreshed.message["error"] == "invalid_target"


async def test_a_resource_that_was_not_consented_to_is_not_had_by_refreshing() -> None:
    async with world() as here:
        tokens = await here.tokens()
        answer = await here.refresh(tokens["refresh_token"], resource=f"{ISSUER}/zcp")
        assert answer.message["error"] == "invalid_target"


async def test_a_token_of_another_audience_is_no_good_here() -> None:
    async with world() as here:
        now = 4_000_000_000.0
        grant = Grant("g", "web", "u-alice", 0.0, now)
        token = AccessToken(
            digest_of("elsewhere"), "g", "web", "u-alice", ("weather.read",),
            ("https://other.example",), 0.0, now,
        )  # fmt: skip
        here.provider.save_tokens(token, None, grant)
        answer = await here.call("elsewhere")
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_token_in_the_query_is_not_looked_at() -> None:
    async with world() as here:
        token = (await here.tokens())["access_token"]
        for path in ("/zcp", "/mcp", "/sse", "/metrics"):
            answer = await here.site.client(f"{path}?access_token={token}").request("GET")
            assert answer.status == 401


async def test_credentials_in_the_token_endpoints_query_are_not_looked_at() -> None:
    async with world() as here:
        code = await here.code()
        query = f"?grant_type=authorization_code&code={code}&client_id=web"
        answer = await here.post(f"/token{query}", {})
        assert answer.status == 400
        assert (await here.exchange(code)).status == 200, "nor is the code used up"
