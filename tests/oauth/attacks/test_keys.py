"""Tokens signed by nobody, or by the wrong key (RFC 8725)."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest
from http_core import configured, running
from jwts import Key, times
from oauth_site import ISSUER, World, app_with_scopes
from published import Published, published
from zcp_auth_oauth.config import ResourceServerConfig, TrustedIssuer

pytestmark = pytest.mark.anyio

KEY = Key("RS256")


@asynccontextmanager
async def verifying(there: Published, **more: Any) -> AsyncGenerator[World]:
    """A resource server that trusts the issuer published at `there`."""
    issuer = TrustedIssuer(there.url, f"{there.url}/jwks", algorithms=("RS256",))
    settings = ResourceServerConfig(enabled=True, resource_url=ISSUER, issuers=(issuer,), **more)
    async with running(configured(app_with_scopes(), {"resource_server": settings})) as site:
        yield World(site, None)


def claims(there: Published, **more: Any) -> dict[str, Any]:
    told = {
        "iss": there.url, "sub": "alice", "aud": f"{ISSUER}/mcp", "client_id": "c",
        "scope": "weather.read", **times(), **more,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_a_jwt_of_a_trusted_issuer_is_good() -> None:
    with published() as there:
        there.documents["/jwks"] = KEY.jwks
        async with verifying(there) as here:
            for typ in ("at+jwt", "JWT", "application/at+jwt"):
                answer = await here.call(KEY.sign(claims(there), typ=typ))
                assert answer.status == 200, typ
            who = await here.call(KEY.sign(claims(there)), "who", "/zcp")
    assert who.message["result"]["structuredContent"]["subject"] == f"{there.url}|alice"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"aud": ["https://other.example", f"{ISSUER}.evil.example"]},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"cnf": {"x5t#S256": "bound to something else"}},
    ],
)
async def test_a_claim_that_does_not_fit_is_refused(changed: dict[str, Any]) -> None:
    with published() as there:
        there.documents["/jwks"] = KEY.jwks
        async with verifying(there) as here:
            answer = await here.call(KEY.sign(claims(there, **changed)))
    assert answer.status == 401


async def test_an_unsigned_token_is_none() -> None:
    with published() as there:
        there.documents["/jwks"] = KEY.jwks
        async with verifying(there) as here:
            for algorithm in ("none", "None", "", None):
                token = f"{encoded({'alg': algorithm})}.{encoded(claims(there))}."
                assert (await here.call(token)).status == 401


async def test_the_public_key_is_no_shared_secret() -> None:
    """HS256 with the issuer's public RSA key as its secret, in every form it is published in."""
    with published() as there:
        there.documents["/jwks"] = KEY.jwks
        forms = (KEY.private.as_pem(private=False), json.dumps(KEY.public).encode())
        async with verifying(there) as here:
            for secret in forms:
                head = f"{encoded({'alg': 'HS256', 'kid': 'k1'})}.{encoded(claims(there))}"
                mac = hmac.new(secret, head.encode(), sha256).digest()
                assert (await here.call(f"{head}.{encoded(mac)}")).status == 401


async def test_a_key_the_token_brings_along_is_not_believed() -> None:
    evil = Key("RS256")
    with published() as there:
        there.documents["/jwks"] = KEY.jwks
        there.documents["/evil"] = evil.jwks
        async with verifying(there) as here:
            for header in ({"jwk": evil.public}, {"jku": f"{there.url}/evil"}, {}):
                assert (await here.call(evil.sign(claims(there), **header))).status == 401
        assert there.count("/evil") == 0


async def test_an_algorithm_that_is_not_the_issuers_is_refused() -> None:
    key = Key("ES256")
    with published() as there:
        there.documents["/jwks"] = {"keys": [KEY.public, {**key.public, "kid": "k2"}]}
        async with verifying(there) as here:
            assert (await here.call(key.sign(claims(there), kid="k2"))).status == 401


async def test_a_shared_secret_in_the_issuers_keys_is_not_used() -> None:
    secret = {"kty": "oct", "k": encoded(b"x" * 32), "kid": "k1", "alg": "HS256"}
    with published() as there:
        there.documents["/jwks"] = {"keys": [secret]}
        head = f"{encoded({'alg': 'HS256', 'kid': 'k1'})}.{encoded(claims(there))}"
        mac = hmac.new(b"x" * 32, head.encode(), sha256).digest()
        async with verifying(there) as here:
            assert (await here.call(f"{head}.{encoded(mac)}")).status == 401


async def test_keys_are_fetched_once_and_unknown_ones_do_not_make_us_ask_again_and_again() -> None:
    with published() as there:
        there.documents["/jwks"] = KEY.jwks
        async with verifying(there) as here:
            for n in range(5):
                assert (await here.call(KEY.sign(claims(there, n=n)))).status == 200
                assert (await here.call(KEY.sign(claims(there, n=n), kid=f"x{n}"))).status == 401
        assert there.count("/jwks") == 1


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "a.b", "\u00e9.b.c", "x" * 100_000])
async def test_garbage_is_no_token(token: str) -> None:
    with published() as there:
        there.documents["/jwks"] = KEY.jwks
        async with verifying(there) as here:
            assert (await here.call(token)).status in (401, 431)
