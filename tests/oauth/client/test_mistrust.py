"""What a client does not believe, and where it does not go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from login_site import URL, login_site
from oauth_site import ISSUER
from zcp_auth_oauth.client import (
    AuthorizationRefused,
    ClientCredentialsGrant,
    ClientIdentity,
    DiscoveryFailed,
    FetchFailed,
    OAuthError,
    RegistrationFailed,
)
from zcp_auth_oauth.client.discovery.challenges import demand_of, read
from zcp_auth_oauth.client.discovery.metadata import safe_endpoint
from zcp_auth_oauth.client.discovery.urls import covers, issuer_metadata_urls
from zcp_auth_oauth.client.fetching.reach import Nearness, Reach, nearness_of
from zcp_kernel.contracts import OutgoingRequest, Refusal

ISSUER_METADATA = "/.well-known/oauth-authorization-server"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource/mcp"


def forged(path: str, document: dict[str, Any]) -> Callable[[httpx2.Request], Any]:
    def meddle(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path != path:
            return None
        return httpx2.Response(200, json=document)

    return meddle


def issuer_metadata(**changes: Any) -> dict[str, Any]:
    told = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "registration_endpoint": f"{ISSUER}/register",
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": True,
    }
    return {name: value for name, value in {**told, **changes}.items() if value is not None}


@pytest.mark.anyio
async def test_the_forged_document_is_good_but_for_what_is_changed() -> None:
    async with login_site(meddle=forged(ISSUER_METADATA, issuer_metadata())) as site:
        await site.authorizer().login()
    assert len(site.asked) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"issuer": f"{ISSUER}/"}, DiscoveryFailed),
        ({"issuer": "https://evil.example"}, DiscoveryFailed),
        ({"issuer": None}, DiscoveryFailed),
        ({"token_endpoint": None}, DiscoveryFailed),
        ({"token_endpoint": "http://evil.example/token"}, DiscoveryFailed),
        ({"token_endpoint": "file:///etc/passwd"}, DiscoveryFailed),
        ({"authorization_endpoint": "javascript:alert(1)"}, DiscoveryFailed),
        ({"authorization_endpoint": "http://127.0.0.1/`id`"}, DiscoveryFailed),
        ({"authorization_endpoint": 'https://a.example/" & calc'}, DiscoveryFailed),
        ({"authorization_endpoint": "https://user@a.example/"}, DiscoveryFailed),
        ({"authorization_endpoint": None}, DiscoveryFailed),
        ({"code_challenge_methods_supported": None}, DiscoveryFailed),
        ({"code_challenge_methods_supported": ["plain"]}, DiscoveryFailed),
        ({"registration_endpoint": None}, RegistrationFailed),
        ({"token_endpoint_auth_methods_supported": ["tls_client_auth"]}, RegistrationFailed),
    ],
)
async def test_an_authorization_server_nobody_is_sent_to(
    changes: dict[str, Any], error: type[OAuthError]
) -> None:
    meddle = forged(ISSUER_METADATA, issuer_metadata(**changes))
    async with login_site(meddle=meddle) as site:
        with pytest.raises(error):
            await site.authorizer().login()
    assert site.asked == []
    assert "/token" not in site.wire.paths()


@pytest.mark.anyio
@pytest.mark.parametrize(
    "document",
    [
        {"resource": "https://evil.example/mcp", "authorization_servers": [ISSUER]},
        {"resource": f"{ISSUER}/mc", "authorization_servers": [ISSUER]},
        {"resource": f"{ISSUER}/mcp/deeper", "authorization_servers": [ISSUER]},
        {"resource": URL, "authorization_servers": []},
        {"resource": URL, "authorization_servers": ["http://192.0.2.1"]},
        {"resource": URL, "authorization_servers": ["file:///"]},
        {"resource": URL, "authorization_servers": [f"{ISSUER}/"]},
        {"authorization_servers": [ISSUER]},
        {"resource": 1, "authorization_servers": 2},
    ],
)
async def test_a_resource_that_is_another(document: dict[str, Any]) -> None:
    async with login_site(meddle=forged(RESOURCE_METADATA, document)) as site:
        with pytest.raises(OAuthError):
            await site.authorizer().login()
    assert site.asked == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("state=", "state=x"),
        lambda url: url.replace("state=", "other="),
        lambda url: url + "&state=x",
        lambda url: url + "&code=other",
        lambda url: url.replace("iss=", "other="),
        lambda url: url.replace("iss=http", "iss=https"),
        lambda url: url.replace("code=", "error=access_denied&was="),
        lambda url: url.replace("code=", "was="),
        lambda url: url.partition("?")[0],
        lambda url: url.replace("?", "#"),
        lambda url: "",
    ],
)
async def test_an_answer_that_is_not_to_be_used(change: Callable[[str], str]) -> None:
    async with login_site() as site:
        site.change = change
        with pytest.raises(AuthorizationRefused):
            await site.authorizer().login()
        assert len(site.asked) == 1
    assert site.wire.forms("authorization_code") == []


@pytest.mark.anyio
async def test_credentials_of_one_server_are_not_used_at_another() -> None:
    """The server names another authorization server, and credentials are for the first."""
    evil = "http://127.0.0.1:9999"
    document = {"resource": URL, "authorization_servers": [evil]}
    told = issuer_metadata(
        issuer=evil, token_endpoint=f"{evil}/token", authorization_endpoint=f"{evil}/authorize"
    )

    def turned(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path == RESOURCE_METADATA:
            return httpx2.Response(200, json=document)
        return httpx2.Response(200, json=told) if request.url.port == 9999 else None

    async with login_site() as site:
        request = OutgoingRequest("POST", URL)
        for bound in (None, ISSUER):
            client = ClientIdentity("robot", "s3cret")
            auth = site.authorizer(ClientCredentialsGrant(client, bound))
            if bound is None:
                site.world.provider.add_client(_robot())
                await auth.login()
            site.wire.meddle = turned
            refusal = Refusal(request, 401, {}, await auth.headers(request))
            with pytest.raises(DiscoveryFailed, match="are not used there"):
                await auth.challenged(refusal)
            site.wire.meddle = None
    assert len(site.wire.forms("client_credentials")) == 1


def _robot() -> Any:
    from oauth_site import web_client
    from zcp_auth_oauth.digests import digest_of

    return web_client(
        "robot", redirect_uris=(), grant_types=("client_credentials",),
        token_endpoint_auth_method="client_secret_basic", secret_digest=digest_of("s3cret"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "nearness"),
    [
        ("93.184.216.34", Nearness.PUBLIC),
        ("2606:2800:220:1:248:1893:25c8:1946", Nearness.PUBLIC),
        ("10.0.0.1", Nearness.PRIVATE),
        ("192.168.1.1", Nearness.PRIVATE),
        ("172.16.0.1", Nearness.PRIVATE),
        ("fd00::1", Nearness.PRIVATE),
        ("127.0.0.1", Nearness.LOOPBACK),
        ("127.9.9.9", Nearness.LOOPBACK),
        ("::1", Nearness.LOOPBACK),
        ("::ffff:127.0.0.1", Nearness.LOOPBACK),
        ("169.254.169.254", Nearness.NOWHERE),
        ("::ffff:169.254.169.254", Nearness.NOWHERE),
        ("fe80::1%eth0", Nearness.NOWHERE),
        ("0.0.0.0", Nearness.NOWHERE),
        ("::", Nearness.NOWHERE),
        ("224.0.0.1", Nearness.NOWHERE),
    ],
)
def test_how_near_an_address_is(address: str, nearness: Nearness) -> None:
    assert nearness_of(address) is nearness


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("server", "private", "host", "reached"),
    [
        ("93.184.216.34", False, "1.1.1.1", True),
        ("93.184.216.34", False, "127.0.0.1", False),
        ("93.184.216.34", False, "localhost", False),
        ("93.184.216.34", False, "10.0.0.1", False),
        ("93.184.216.34", True, "10.0.0.1", True),
        ("93.184.216.34", True, "127.0.0.1", False),
        ("10.0.0.1", False, "10.0.0.2", True),
        ("10.0.0.1", False, "127.0.0.1", False),
        ("127.0.0.1", False, "127.0.0.1", True),
        ("127.0.0.1", False, "10.0.0.1", True),
        ("127.0.0.1", False, "169.254.169.254", False),
        ("169.254.1.1", False, "169.254.169.254", False),
    ],
)
async def test_what_is_reached_for_a_server(
    server: str, private: bool, host: str, reached: bool
) -> None:
    reach = Reach(server, 443, private)
    assert await reach.vetted(server, 443)
    if reached:
        assert await reach.vetted(host, 80)
    else:
        with pytest.raises(FetchFailed, match="nothing was sent") as failure:
            await reach.vetted(host, 80)
        assert failure.value.refused


@pytest.mark.parametrize(
    ("header", "scheme", "parameters"),
    [
        ("Bearer", "bearer", {}),
        ('Bearer realm="x", error="invalid_token"', "bearer",
         {"realm": "x", "error": "invalid_token"}),
        ('Bearer error_description="a \\"b\\", c=d"', "bearer",
         {"error_description": 'a "b", c=d'}),
        ("bearer scope=a", "bearer", {"scope": "a"}),
        ('Bearer scope="a b" , resource_metadata = "https://x/y?a=b"', "bearer",
         {"scope": "a b", "resource_metadata": "https://x/y?a=b"}),
        ('Bearer scope="first", scope="second"', "bearer", {"scope": "first"}),
    ],
)  # fmt: skip
def test_a_challenge_is_read(header: str, scheme: str, parameters: dict[str, str]) -> None:
    (challenge,) = read(header)
    assert (challenge.scheme, dict(challenge.parameters)) == (scheme, parameters)


def test_several_challenges_are_read() -> None:
    header = 'Negotiate abc==, Basic realm="scope", DPoP algs="ES256", error="use_dpop_nonce"'
    assert [one.scheme for one in read(header)] == ["negotiate", "basic", "dpop"]
    demand = demand_of({"www-authenticate": f'{header}, Bearer scope="a b a"'})
    assert demand.error == "use_dpop_nonce"
    assert demand.scopes == ("a", "b")
    assert demand.schemes == {"dpop", "bearer"}
    assert demand_of({}) == demand_of({"www-authenticate": "Basic scope=x"})


@pytest.mark.parametrize("garbage", ["", ",", "=", '"', "Bearer =", 'Bearer a="b', "a=b", "\x00"])
def test_garbage_is_no_challenge(garbage: str) -> None:
    for header in (garbage, garbage * 10_000):
        demand_of({"www-authenticate": header})


def test_where_an_issuer_is_asked() -> None:
    well_known = "https://a.example/.well-known"
    assert issuer_metadata_urls("https://a.example/t/1") == [
        f"{well_known}/oauth-authorization-server/t/1",
        f"{well_known}/openid-configuration/t/1",
        "https://a.example/t/1/.well-known/openid-configuration",
    ]
    assert issuer_metadata_urls("https://a.example") == [
        f"{well_known}/oauth-authorization-server",
        f"{well_known}/openid-configuration",
    ]


@pytest.mark.parametrize(
    ("resource", "covered"),
    [
        (URL, True), (f"{URL}/", True), (ISSUER, True), (f"{ISSUER}/", True),
        (f"{ISSUER}/m", False), (f"{ISSUER}/mcp2", False), (f"{ISSUER}/mcp/x", False),
        ("https://127.0.0.1:8000/mcp", False), ("http://127.0.0.1/mcp", False),
        ("http://127.0.0.1:8000@evil.example/mcp", False),
    ],
)  # fmt: skip
def test_what_a_resource_covers(resource: str, covered: bool) -> None:
    assert covers(resource, URL) is covered


def test_what_is_a_safe_endpoint() -> None:
    assert safe_endpoint("https://a.example/x?tenant=a%20b")
    assert safe_endpoint("http://localhost:1234/x")
    for url in ("", "a", "https://", "http://a.example/", "https://a.example/#x", "https://a:b/",
                "https://a.example/ x", "ftp://a.example/", "https://a.example/\n"):  # fmt: skip
        assert not safe_endpoint(url)
