"""Tokens without a browser: client credentials, assertions, exchange; and tokens as JWTs."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from http_core import configured
from jwts import Key, times
from oauth_site import ISSUER, SCOPES, World, app_with_scopes, web_client, with_secret, world
from published import published
from zcp_auth_oauth.config import OAuthConfig, TrustedIssuer
from zcp_auth_oauth.policy.registration import JWT_BEARER, TOKEN_EXCHANGE
from zcp_auth_oauth.server.grants.exchange import ACCESS_TOKEN
from zcp_kernel.errors import ConfigError

pytestmark = pytest.mark.anyio

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def robot(*grants: str, **more: Any) -> Any:
    fields: dict[str, Any] = {"redirect_uris": (), "scopes": SCOPES, **more}
    return web_client("robot", grant_types=grants, **fields)


async def test_client_credentials_with_a_secret() -> None:
    client, secret = with_secret(robot("client_credentials"))
    async with world() as here:
        here.provider.add_client(client)
        form = {
            "grant_type": "client_credentials", "client_id": "robot", "client_secret": secret,
            "scope": "weather.read", "resource": f"{ISSUER}/mcp",
        }  # fmt: skip
        issued = await here.post("/token", form)
        assert issued.message["scope"] == "weather.read"
        assert "refresh_token" not in issued.message
        who = await here.call(issued.message["access_token"], "who")
        assert who.message["result"]["structuredContent"]["subject"] == "client:robot"
        beyond = await here.post("/token", {**form, "scope": "root"})
        assert beyond.message["error"] == "invalid_scope"
        here.provider.replace_client(
            evolve(client, token_endpoint_auth_method="client_secret_basic")
        )
        pair = b64encode(f"robot:{secret}".encode()).decode()
        bare = {"grant_type": "client_credentials"}
        basic = await here.post("/token", bare, authorization=f"Basic {pair}")
        assert basic.message["scope"] == " ".join(SCOPES)
        wrong = await here.post("/token", bare, authorization="Basic cm9ib3Q6eA==")
        assert wrong.status == 401
        assert wrong.headers["www-authenticate"].startswith("Basic")


def assertion(key: Key, **more: Any) -> dict[str, str]:
    claims = {"iss": "robot", "sub": "robot", "aud": ISSUER, "jti": "1", **times(), **more}
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": key.sign({k: v for k, v in claims.items() if v is not None}),
    }


async def test_client_credentials_with_a_signature() -> None:
    key, other = Key(), Key()
    client = robot("client_credentials", token_endpoint_auth_method="private_key_jwt")
    async with world() as here:
        here.provider.add_client(evolve(client, jwks=key.jwks))
        assert (await here.post("/token", assertion(key))).status == 200
        replayed = await here.post("/token", assertion(key))
        assert replayed.message["error"] == "invalid_client"
        wrong: list[dict[str, str]] = [
            assertion(other, jti="2"),
            assertion(key, jti="3", aud="https://evil.example"),
            assertion(key, jti="4", aud=[ISSUER, "https://evil.example"]),
            assertion(key, jti="5", iss="web"),
            assertion(key, jti="6", exp=1),
            assertion(key, jti="7", exp=4_000_000_000),
            assertion(key, jti=None),
            {**assertion(key, jti="8"), "client_id": "web"},
            {**assertion(key, jti="9"), "client_assertion_type": "x"},
        ]
        for form in wrong:
            answer = await here.post("/token", form)
            assert answer.message["error"] == "invalid_client", form
        good = await here.post("/token", assertion(key, jti="10", aud=f"{ISSUER}/token"))
        assert good.status == 200


async def test_an_enterprises_assertion_is_exchanged() -> None:
    key = Key("RS256")
    client, secret = with_secret(robot(JWT_BEARER))
    with published() as idp:
        idp.documents["/jwks"] = key.jwks
        trusted = (TrustedIssuer(idp.url, f"{idp.url}/jwks"),)
        async with world(assertion_issuers=trusted) as here:
            _trust_loopback(here)
            here.provider.add_client(client)

            def form(**more: Any) -> dict[str, str]:
                claims = {
                    "iss": idp.url, "sub": "alice", "aud": ISSUER, "client_id": "robot",
                    "resource": f"{ISSUER}/mcp", "jti": "1", "scope": "weather.read", **times(),
                    **more,
                }  # fmt: skip
                typ = claims.pop("typ", "oauth-id-jag+jwt")
                return {
                    "grant_type": JWT_BEARER, "client_id": "robot", "client_secret": secret,
                    "assertion": key.sign(claims, typ=typ),
                }  # fmt: skip

            issued = await here.post("/token", form())
            assert issued.status == 200, issued.body
            assert issued.message["scope"] == "weather.read"
            who = await here.call(issued.message["access_token"], "who")
            told = who.message["result"]["structuredContent"]
            assert told["subject"] == f"{idp.url}|alice"
            assert told["audience"] == [f"{ISSUER}/mcp"]
            wrong: list[dict[str, Any]] = [
                {}, {"jti": "2", "aud": "https://evil.example"}, {"jti": "3", "client_id": "web"},
                {"jti": "4", "iss": "https://evil.example"}, {"jti": "5", "typ": "JWT"},
                {"jti": "6", "exp": 1}, {"jti": 7}, {"jti": "8", "exp": 4_000_000_000},
            ]  # fmt: skip
            for more in wrong:
                refused = await here.post("/token", form(**more))
                assert refused.message["error"] == "invalid_grant", more
            elsewhere = await here.post("/token", form(jti="9", resource="https://evil.example"))
            assert elsewhere.message["error"] == "invalid_target"
            beyond = {**form(jti="10"), "scope": "weather.write"}
            assert (await here.post("/token", beyond)).message["error"] == "invalid_scope"


def _trust_loopback(here: World) -> None:
    from zcp_auth_oauth.fetch.guard import resolve
    from zcp_auth_oauth.fetch.https import Fetcher
    from zcp_auth_oauth.service import service_of

    service = service_of(here.site.application.kernel.config)
    assert service is not None
    service.parts.documents.fetcher = Fetcher(resolve)


async def test_a_token_is_exchanged_for_less_never_for_more() -> None:
    client, secret = with_secret(robot(TOKEN_EXCHANGE))
    async with world() as here:
        here.provider.add_client(client)
        subject = await here.tokens(scope="weather.read weather.write")
        form = {
            "grant_type": TOKEN_EXCHANGE, "client_id": "robot", "client_secret": secret,
            "subject_token": subject["access_token"], "subject_token_type": ACCESS_TOKEN,
            "scope": "weather.read",
        }  # fmt: skip
        issued = await here.post("/token", form)
        assert issued.message["issued_token_type"] == ACCESS_TOKEN
        assert issued.message["scope"] == "weather.read"
        assert issued.message["expires_in"] <= subject["expires_in"]
        who = await here.call(issued.message["access_token"], "who")
        told = who.message["result"]["structuredContent"]
        assert (told["subject"], told["client"]) == ("u-alice", "robot")
        narrow = issued.message["access_token"]
        more = {**form, "subject_token": narrow, "scope": "weather.write"}
        assert (await here.post("/token", more)).message["error"] == "invalid_scope"
        for wrong in ({"subject_token": "x"}, {"resource": "https://evil.example"}):
            assert (await here.post("/token", {**form, **wrong})).status == 400
        await here.post("/revoke", {"token": subject["refresh_token"], "client_id": "web"})
        assert (await here.call(narrow)).status == 401, "it falls with the user's grant"


async def test_a_grant_a_client_was_not_given_is_refused() -> None:
    client, secret = with_secret(robot("authorization_code"))
    async with world() as here:
        here.provider.add_client(client)
        for grant in ("client_credentials", JWT_BEARER, TOKEN_EXCHANGE, "refresh_token"):
            form = {"grant_type": grant, "client_id": "robot", "client_secret": secret}
            answer = await here.post("/token", {**form, "assertion": "a.b.c"})
            assert answer.message["error"] == "unauthorized_client", grant


async def test_access_tokens_can_be_jwts_that_others_verify() -> None:
    from zcp_auth_oauth.jose.verify import peek, verified

    async with world(access_tokens="jwt") as here:
        tokens = await here.tokens()
        header, _ = peek(tokens["access_token"])
        assert header["typ"] == "at+jwt"
        published_keys = (await here.site.client("/jwks").request("GET")).message["keys"]
        assert all("d" not in key for key in published_keys)
        claims = verified(tokens["access_token"], published_keys, ["ES256"])
        assert claims["iss"] == ISSUER
        assert claims["aud"] == [f"{ISSUER}/mcp"]
        assert (claims["sub"], claims["client_id"]) == ("u-alice", "web")
        assert (await here.call(tokens["access_token"])).status == 200
        await here.post("/revoke", {"token": tokens["access_token"], "client_id": "web"})
        assert (await here.call(tokens["access_token"])).status == 401, "revoked all the same"


async def test_signing_keys_are_kept_encrypted_with_a_secret_of_the_configuration(
    tmp_path: Path,
) -> None:
    database = tmp_path / "oauth.db"
    oauth = OAuthConfig(enabled=True, issuer=ISSUER, database=str(database), access_tokens="jwt")
    with pytest.raises(ConfigError, match="ZCP_KEYS__SECRETS"):
        configured(app_with_scopes(), {"oauth": oauth})


async def test_what_is_told_about_a_token() -> None:
    client, secret = with_secret(web_client("rs", redirect_uris=(), grant_types=()))
    async with world() as here:
        here.provider.add_client(client)
        tokens = await here.tokens()
        form = {"client_id": "rs", "client_secret": secret}
        told = (await here.post("/introspect", {**form, "token": tokens["access_token"]})).message
        assert told["active"] is True
        assert told["sub"] == "u-alice"
        assert told["aud"] == [f"{ISSUER}/mcp"]
        assert told["iss"] == ISSUER
        for dead in ("unknown", ""):
            answer = await here.post("/introspect", {**form, "token": dead})
            assert answer.message.get("active", False) is False
        await here.refresh(tokens["refresh_token"])
        used = await here.post("/introspect", {**form, "token": tokens["refresh_token"]})
        assert used.message == {"active": False}
