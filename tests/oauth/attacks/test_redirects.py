"""Where a code may be sent (RFC 9700, sections 4.1 and 4.11)."""

from __future__ import annotations

import pytest
from oauth_site import ISSUER, REDIRECT, answer_of, web_client, world
from zcp_auth_oauth.policy.redirects import fault_of, matches

pytestmark = pytest.mark.anyio

VARIANTS = [
    "https://CLIENT.example/cb",
    "HTTPS://client.example/cb",
    "https://client.example:443/cb",
    "https://client.example:8443/cb",
    "https://client.example/CB",
    "https://client.example/cb/",
    "https://client.example/cb/more",
    "https://client.example/x/../cb",
    "https://client.example/cb%2e",
    "https://client.example/%63b",
    "https://client.example/cb?x=1",
    "https://client.example/cb?",
    "https://client.example/cb#fragment",
    "https://client.example/cb#",
    "https://user@client.example/cb",
    "https://client.example@evil.example/cb",
    "https://client.example.evil.example/cb",
    "https://evil.example/cb?https://client.example/cb",
    "https://evil.example\\@client.example/cb",
    "http://client.example/cb",
    "//client.example/cb",
    "/cb",
    "javascript:alert(1)",
    "https://client.example/cb\r\nSet-Cookie: a=b",
    "https://client.example/cb ",
    "https://127.0.0.1/cb",
]


@pytest.mark.parametrize("uri", VARIANTS)
async def test_a_variant_of_the_redirect_uri_is_shown_to_the_user_alone(uri: str) -> None:
    async with world() as here:
        answer = await here.browser().request("GET", here.authorize_url(redirect_uri=uri))
    assert answer.status == 400, "an open redirect"
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")


async def test_an_unknown_client_is_shown_to_the_user_alone() -> None:
    async with world() as here:
        url = here.authorize_url("nobody", redirect_uri="https://evil.example/")
        answer = await here.browser().request("GET", url)
        signing_in = await here.browser().request("GET", url.replace("/authorize", "/sign-in"))
    for each in (answer, signing_in):
        assert each.status == 400
        assert b"evil.example" not in each.body


async def test_two_redirect_uris_are_none() -> None:
    async with world() as here:
        url = here.authorize_url(redirect_uri=[REDIRECT, "https://evil.example/"])
        answer = await here.browser().request("GET", url)
    assert answer.status == 400
    assert "location" not in answer.headers


async def test_sign_in_leads_nowhere_but_back() -> None:
    async with world() as here:
        extra = "&next=https://evil.example/&continue=//evil.example&resume=https://evil.example"
        url = here.authorize_url().replace("/authorize", "/sign-in") + extra
        answer = await here.browser().sign_in(url)
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"{ISSUER}/authorize?")


async def test_a_client_on_the_users_machine_chooses_its_port_and_nothing_else() -> None:
    async with world() as here:
        native = web_client("cli", redirect_uris=("http://127.0.0.1/cb", "http://localhost:1/cb"))
        here.provider.add_client(native)
        for good in ("http://127.0.0.1:4711/cb", "http://localhost:4711/cb"):
            url = here.authorize_url("cli", redirect_uri=good)
            assert "code" in answer_of(await here.browser().walk(url))
        for bad in ("http://127.0.0.1:4711/other", "http://127.0.0.2/cb", "http://[::1]:1/cb"):
            answer = await here.browser().request(
                "GET", here.authorize_url("cli", redirect_uri=bad)
            )
            assert answer.status == 400


@pytest.mark.parametrize(
    "uri",
    [
        "http://client.example/cb",
        "https://client.example/cb#x",
        "https://client.example/cb#",
        "https://user:pass@client.example/cb",
        "https:///cb",
        "https:client.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp://cb",
        "https://client.example/*",
        "https://client.example\\evil",
        "https://cl\u0131ent.example/cb",
        "https://[::1/cb",
        "https://client.example:port/cb",
        "https://client.example/" + "x" * 2000,
        "",
    ],
)
async def test_registration_takes_no_dangerous_redirect(uri: str) -> None:
    async with world() as here:
        client = here.site.client("/register")
        answer = await client.post({"redirect_uris": [uri], "token_endpoint_auth_method": "none"})
    assert answer.status == 400
    assert answer.message["error"] == "invalid_redirect_uri"


def test_a_private_scheme_is_its_owners_domain() -> None:
    assert fault_of("com.example.app:/cb") is None
    assert matches(["com.example.app:/cb"], "com.example.app:/cb")
    assert not matches(["com.example.app:/cb"], "com.example.app:/cb2")
