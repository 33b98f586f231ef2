"""Stolen tokens and stolen proofs (RFC 9449, section 11)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from asgi import Answer
from attrs import evolve
from joserfc import jwk, jwt
from jwts import Key
from oauth_site import ISSUER, VERIFIER, World, web_client, world
from zcp_auth_oauth.dpop.nonces import SLOT_SECONDS, Nonces

pytestmark = pytest.mark.anyio

KEY = Key()
TOKEN, MCP = f"{ISSUER}/token", f"{ISSUER}/zcp"


async def bound(here: World, key: Key = KEY, **claims: Any) -> Any:
    """Tokens bound to `key`."""
    answer = await here.exchange(await here.code(), proof=key.proof("POST", TOKEN, **claims))
    assert answer.status == 200, answer.body
    assert answer.message["token_type"] == "DPoP"
    return answer.message


async def call(here: World, token: str, proof: str | None, scheme: str = "DPoP") -> Answer:
    fields = {"authorization": f"{scheme} {token}"}
    if proof is not None:
        fields["dpop"] = proof
    client = here.site.client("/zcp", **fields)
    return await client.post(client.tool("forecast"))


async def test_a_bound_token_is_good_with_its_key() -> None:
    async with world() as here:
        token = (await bound(here))["access_token"]
        for _ in range(2):
            assert (await call(here, token, KEY.proof("POST", MCP, token))).status == 200


async def test_a_bound_token_is_no_bearer_token() -> None:
    async with world() as here:
        token = (await bound(here))["access_token"]
        for scheme, proof in (("Bearer", None), ("Bearer", KEY.proof("POST", MCP, token))):
            assert (await call(here, token, proof, scheme)).status == 401


async def test_a_bearer_token_gains_nothing_from_a_proof() -> None:
    async with world() as here:
        token = (await here.tokens())["access_token"]
        assert (await call(here, token, KEY.proof("POST", MCP, token))).status == 401


async def test_a_proof_is_good_once() -> None:
    async with world() as here:
        token = (await bound(here))["access_token"]
        proof = KEY.proof("POST", MCP, token)
        assert (await call(here, token, proof)).status == 200
        again = await call(here, token, proof)
    assert again.status == 401
    assert 'DPoP error="invalid_dpop_proof"' in again.headers["www-authenticate"]


async def test_a_proof_at_the_token_endpoint_is_good_once() -> None:
    async with world() as here:
        proof = KEY.proof("POST", TOKEN)
        browser = here.browser()
        assert (await here.exchange(await here.code(browser=browser), proof=proof)).status == 200
        again = await here.exchange(await here.code(browser=browser), proof=proof)
    assert again.message["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize(
    "wrong",
    [
        {"htm": "GET"},
        {"htu": f"{ISSUER}/mcp"},
        {"htu": "https://evil.example/zcp"},
        {"iat": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        {"iat": "now"},
        {"ath": "another"},
        {"ath": None},
        {"jti": None},
        {"jti": "x" * 1000},
    ],
)
async def test_a_proof_of_something_else_is_none(wrong: dict[str, Any]) -> None:
    async with world() as here:
        token = (await bound(here))["access_token"]
        assert (await call(here, token, KEY.proof("POST", MCP, token, **wrong))).status == 401


async def test_a_proof_signed_otherwise_is_none() -> None:
    async with world() as here:
        token = (await bound(here))["access_token"]
        other = Key()
        claims = {"htm": "POST", "htu": MCP, "iat": int(time.time()), "jti": "1"}
        secret = jwk.OctKey.generate_key(256)
        signed = [
            other.proof("POST", MCP, token),
            jwt.encode({"alg": "ES256", "typ": "jwt", "jwk": KEY.bare}, claims, KEY.private),
            jwt.encode({"alg": "ES256", "typ": "dpop+jwt"}, claims, KEY.private),
            jwt.encode({"alg": "ES256", "typ": "dpop+jwt", "jwk": other.bare}, claims, KEY.private),
            jwt.encode(
                {"alg": "HS256", "typ": "dpop+jwt", "jwk": secret.as_dict()}, claims, secret
            ),
            "not.a.proof",
            "",
        ]
        for proof in signed:
            assert (await call(here, token, proof)).status == 401


async def test_the_key_is_chosen_once() -> None:
    async with world() as here:
        other = Key()
        code = await here.code(dpop_jkt=KEY.thumbprint)
        stolen = await here.exchange(code, proof=other.proof("POST", TOKEN))
        assert stolen.message["error"] == "invalid_grant"
        tokens = await bound(here)
        form = {
            "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"],
            "client_id": "web",
        }  # fmt: skip
        for proof in (other.proof("POST", TOKEN), None):
            fields = {} if proof is None else {"dpop": proof}
            answer = await here.post("/token", form, **fields)
            assert answer.message["error"] == "invalid_grant"
        good = await here.post("/token", form, dpop=KEY.proof("POST", TOKEN))
        assert good.status == 200


async def test_a_client_that_must_prove_its_key_cannot_leave_it_out() -> None:
    async with world() as here:
        here.provider.replace_client(evolve(web_client(), dpop_bound=True))
        answer = await here.exchange(await here.code())
        assert answer.message["error"] == "invalid_dpop_proof"
    async with world(dpop="required") as here:
        answer = await here.exchange(await here.code())
        assert answer.message["error"] == "invalid_dpop_proof"
        refused = await here.call(None)
        assert refused.headers["www-authenticate"].startswith("DPoP ")


async def test_nonces_are_demanded_and_given() -> None:
    async with world(dpop_nonces=True) as here:
        code = await here.code()
        first = await here.exchange(code, proof=KEY.proof("POST", TOKEN))
        assert (first.status, first.message["error"]) == (400, "use_dpop_nonce")
        nonce = first.headers["dpop-nonce"]
        proof = KEY.proof("POST", TOKEN, nonce=nonce)
        answer = await here.exchange(code, proof=proof, code_verifier=VERIFIER)
        assert answer.status == 200, "the code was not used up by the first try"
        token = answer.message["access_token"]
        asked = await call(here, token, KEY.proof("POST", MCP, token))
        assert asked.status == 401
        assert 'error="use_dpop_nonce"' in asked.headers["www-authenticate"]
        given = asked.headers["dpop-nonce"]
        good = await call(here, token, KEY.proof("POST", MCP, token, nonce=given))
        assert good.status == 200
        for stale in ("made up", "", None, 1):
            refused = await call(here, token, KEY.proof("POST", MCP, token, nonce=stale))
            assert refused.status == 401


def test_a_nonce_grows_stale() -> None:
    nonces, others = Nonces(b"k" * 32), Nonces(b"o" * 32)
    nonce = nonces.fresh(1000.0)
    assert nonces.good(nonce, 1000.0 + SLOT_SECONDS)
    assert not nonces.good(nonce, 1000.0 + 2 * SLOT_SECONDS)
    assert not nonces.good(nonce, 1000.0 - SLOT_SECONDS)
    assert not others.good(nonce, 1000.0)


async def test_two_proofs_are_none() -> None:
    async with world() as here:
        code = await here.code()
        proofs = f"{KEY.proof('POST', TOKEN)}, {KEY.proof('POST', TOKEN)}"
        assert (await here.exchange(code, proof=proofs)).message["error"] == "invalid_dpop_proof"
