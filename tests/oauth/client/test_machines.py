"""Programs that act without a browser, against our own authorization server; and tokens that are
bound to a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
from jwts import Key, times
from login_site import URL, login_site
from oauth_site import ISSUER, SCOPES, web_client, with_secret
from published import published
from zcp_auth_oauth.client import (
    ClientCredentialsGrant,
    ClientIdentity,
    DiscoveryFailed,
    EnterpriseGrant,
    MemoryTokenStorage,
    OAuthError,
    TokenRefused,
    WorkloadGrant,
)
from zcp_auth_oauth.config import TrustedIssuer
from zcp_auth_oauth.fetch.guard import resolve
from zcp_auth_oauth.fetch.https import Fetcher
from zcp_auth_oauth.service import service_of
from zcp_kernel.contracts import OutgoingRequest

pytestmark = pytest.mark.anyio

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def robot(*grants: str, **more: Any) -> Any:
    fields: dict[str, Any] = {"redirect_uris": (), "scopes": SCOPES, **more}
    return web_client("robot", grant_types=grants, **fields)


async def test_a_program_with_a_secret() -> None:
    client, secret = with_secret(robot("client_credentials"))
    async with login_site() as site:
        site.world.provider.add_client(client)
        identity = ClientIdentity("robot", secret, "client_secret_post")
        auth = site.authorizer(ClientCredentialsGrant(identity))
        async with site.session(auth) as session:
            told = (await session.call_tool("who"))["structuredContent"]
            assert (await session.call_tool("change"))["content"][0]["text"] == "sun"
        assert secret not in repr((auth, identity, ClientCredentialsGrant(identity)))
    assert told["subject"] == "client:robot"
    assert site.asked == []


@pytest.mark.parametrize("as_pem", [False, True])
@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_a_program_with_a_private_key(as_pem: bool, algorithm: str) -> None:
    key = Key(algorithm)
    private: Any = key.private.as_pem(private=True) if as_pem else key.private.as_dict(private=True)
    async with login_site() as site:
        method = "private_key_jwt"
        client = robot("client_credentials", token_endpoint_auth_method=method, jwks=key.jwks)
        site.world.provider.add_client(client)
        identity = ClientIdentity("robot", private_key=private, algorithm=algorithm)
        for _ in range(2):
            auth = site.authorizer(ClientCredentialsGrant(identity))
            async with site.session(auth) as session:
                await session.call_tool("forecast")
    first, second = site.wire.forms("client_credentials")
    assert first["client_assertion"] != second["client_assertion"]
    assert "client_secret" not in first


@pytest.mark.parametrize("key", ["", "no key", b"\x00", {"kty": "EC", "d": "no key"}, 5])
async def test_a_key_that_is_none_is_not_repeated(key: Any) -> None:
    async with login_site() as site:
        grant = ClientCredentialsGrant(ClientIdentity("robot", private_key=key))
        with pytest.raises(OAuthError) as failure:
            await site.authorizer(grant).login()
    assert site.wire.forms("client_credentials") == []
    assert "no key" not in str(failure.value)


def enterprise(idp_url: str, identity: Any, secret: str) -> EnterpriseGrant:
    return EnterpriseGrant(
        ClientIdentity("robot", secret, "client_secret_post"),
        identity,
        f"{idp_url}/token",
        ClientIdentity("at-the-idp", method="none"),
    )


async def test_an_employer_says_what_its_user_may_use() -> None:
    key, jag = Key(), "urn:ietf:params:oauth:token-type:id-jag"
    client, secret = with_secret(robot(JWT_BEARER))
    asked: list[dict[str, str]] = []

    with published() as idp:
        idp.documents["/jwks"] = key.jwks
        claims = {
            "iss": idp.url, "sub": "u-1", "aud": ISSUER, "client_id": "robot", "resource": URL,
            "jti": "1", "scope": "weather.read", **times(),
        }  # fmt: skip

        def provider(request: httpx2.Request) -> httpx2.Response | None:
            if str(request.url) != f"{idp.url}/token":
                return None
            asked.append(dict(site.wire.sent[-1].form))
            claims["jti"] = str(len(asked))
            token = key.sign(claims, typ="oauth-id-jag+jwt")
            answer = {"access_token": token, "issued_token_type": jag, "token_type": "N_A"}
            return httpx2.Response(200, json=answer)

        trusted = (TrustedIssuer(idp.url, f"{idp.url}/jwks"),)
        async with login_site(assertion_issuers=trusted, meddle=provider) as site:
            service = service_of(site.server.application.kernel.config)
            assert service is not None
            service.parts.documents.fetcher = Fetcher(resolve)
            site.world.provider.add_client(client)

            async def id_token() -> str:
                return "the.id.token"

            auth = site.authorizer(enterprise(idp.url, id_token, secret), scopes=["weather.read"])
            async with site.session(auth) as session:
                assert (await session.call_tool("forecast"))["content"][0]["text"] == "rain"
    assert asked[0]["audience"] == ISSUER
    assert asked[0]["resource"] == URL
    assert asked[0]["subject_token"] == "the.id.token"
    assert asked[0]["requested_token_type"] == jag
    assert asked[0]["client_id"] == "at-the-idp"


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "x", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"},
        {"issued_token_type": "urn:ietf:params:oauth:token-type:id-jag"},
        {},
    ],
)
async def test_what_is_no_assertion_goes_nowhere(answer: dict[str, str]) -> None:
    def provider(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(200, json=answer) if request.url.host == "idp.example" else None

    async with login_site(meddle=provider) as site:
        grant = enterprise("https://idp.example", "id-token", "secret")
        with pytest.raises(TokenRefused):
            await site.authorizer(grant).login()
        assert "id-token" not in repr(grant)
    assert site.wire.forms(JWT_BEARER) == []


async def test_a_workload_reads_its_token_anew_and_tries_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with login_site() as site:
        grant = WorkloadGrant("robot", file)
        with pytest.raises(OAuthError, match="cannot be read"):
            await site.authorizer(grant).login()
        for text in ("one", "two\n"):
            file.write_text(text, "utf-8")
            with pytest.raises(TokenRefused):
                await site.authorizer(grant).login()
    assert [form["assertion"] for form in site.wire.forms(JWT_BEARER)] == ["one", "two"]
    assert site.wire.paths() == ["/mcp", "/mcp", "/token", "/mcp", "/token"]


@pytest.mark.parametrize("nonces", [False, True])
async def test_tokens_are_bound_to_a_key_where_the_server_requires_it(nonces: bool) -> None:
    storage = MemoryTokenStorage()
    async with login_site(dpop="required", dpop_nonces=nonces) as site:
        for _ in range(2):
            auth = site.authorizer(storage=storage)
            async with site.session(auth) as session:
                for _ in range(3):
                    assert (await session.call_tool("forecast"))["content"][0]["text"] == "rain"
        sent = await auth.headers(OutgoingRequest("POST", URL))
        login = await auth.session()
    assert sent["authorization"].startswith("DPoP ")
    assert login is not None
    assert login.tokens.token_type == "dpop"
    assert len(site.asked) == 1
    assert len(site.asked[0]["dpop_jkt"]) == 43


@pytest.mark.parametrize("dpop", [None, True, False])
async def test_binding_is_a_choice_where_it_is_not_required(dpop: bool | None) -> None:
    async with login_site() as site:
        session = await site.authorizer(dpop=dpop).login()
    assert session.tokens.token_type == ("dpop" if dpop else "bearer")


async def test_a_server_that_does_not_bind_is_found_out() -> None:
    """It says it does, and gives a token that anybody can use."""
    answer = {"access_token": "x", "token_type": "Bearer"}

    def token(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(200, json=answer) if request.url.path == "/token" else None

    async with login_site(meddle=token) as site:
        with pytest.raises(TokenRefused, match="'bearer', not 'dpop'"):
            await site.authorizer(dpop=True).login()

    def cannot(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path != "/.well-known/oauth-authorization-server":
            return None
        told = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}
        return httpx2.Response(200, json=told)

    async with login_site(meddle=cannot) as site:
        with pytest.raises(DiscoveryFailed, match="ES256"):
            await site.authorizer(dpop=True).login()


async def test_a_nonce_that_is_never_right_is_asked_for_once() -> None:
    def token(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path != "/token":
            return None
        nonce = {"dpop-nonce": f"n{len(site.wire.sent)}"}
        return httpx2.Response(400, json={"error": "use_dpop_nonce"}, headers=nonce)

    async with login_site(meddle=token) as site:
        with pytest.raises(TokenRefused):
            await site.authorizer(dpop=True).login()
    assert len(site.wire.forms("authorization_code")) == 2
