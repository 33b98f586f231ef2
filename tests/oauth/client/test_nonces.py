"""Nonces of a server for the proofs that come with bound tokens (RFC 9449, section 8)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest
from attrs import define, field
from login_site import URL, LoginSite, login_site
from zcp_auth_oauth.client import OAuthAuthorizer
from zcp_kernel.contracts import OutgoingRequest, Refusal
from zcp_transport_http.client.credentials import AuthorizedHTTP
from zcp_transport_http.client.http import HTTPResponse

pytestmark = pytest.mark.anyio

REQUEST = OutgoingRequest("POST", URL)
ASKS = {"www-authenticate": 'DPoP error="use_dpop_nonce", algs="ES256"'}


@define
class Nonces:
    """An `HTTPClient` at whose other end a proof must hold the nonce that was given last; `brings`
    is the one the answer to the request of that number gives, if any."""

    brings: Callable[[int], str | None]
    content: bool = True
    last: str | None = "unknown to everybody"
    held: list[str | None] = field(factory=list[str | None])
    statuses: list[int] = field(factory=list[int])

    @asynccontextmanager
    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncGenerator[HTTPResponse]:
        self.held.append(nonce_of(headers["dpop"]))
        good = self.content and self.held[-1] == self.last
        self.statuses.append(200 if good else 401)
        fields = {} if good else dict(ASKS)
        brought = self.brings(len(self.held))
        if brought is not None:
            self.last = fields["dpop-nonce"] = brought
        await anyio.lowlevel.checkpoint()
        yield HTTPResponse(200 if good else 401, fields, _nothing())


async def _nothing() -> AsyncIterator[bytes]:
    for part in ():
        yield part


def nonce_of(proof: str) -> str | None:
    payload = proof.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    nonce: str | None = claims.get("nonce")
    return nonce


async def logged_in(site: LoginSite) -> OAuthAuthorizer:
    auth = site.authorizer()
    await auth.login()
    return auth


async def asked(http: AuthorizedHTTP) -> int:
    async with http.request("POST", URL, {}, b"{}") as response:
        return response.status


async def test_a_nonce_that_comes_with_an_answer_is_in_the_next_proof() -> None:
    async with login_site(dpop="required") as site:
        peer = Nonces(lambda number: f"n{number}")
        http = AuthorizedHTTP(peer, await logged_in(site))
        assert [await asked(http) for _ in range(5)] == [200] * 5
    # The first is refused, for it could know none. None is after that.
    assert peer.statuses == [401, *[200] * 5]
    assert peer.held == [None, "n1", "n2", "n3", "n4", "n5"]


async def test_an_answer_without_one_leaves_the_last() -> None:
    async with login_site(dpop="required") as site:
        peer = Nonces(lambda number: "n1" if number == 1 else None)
        http = AuthorizedHTTP(peer, await logged_in(site))
        assert [await asked(http) for _ in range(3)] == [200] * 3
    assert peer.held == [None, "n1", "n1", "n1"]


async def test_many_that_are_refused_at_once() -> None:
    async with login_site(dpop="required") as site:
        peer = Nonces(lambda number: "n")
        http = AuthorizedHTTP(peer, await logged_in(site))
        got: list[int] = []

        async def ask() -> None:
            got.append(await asked(http))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(ask)
    assert got == [200] * 20


async def test_an_answer_that_overtakes_a_refusal_is_no_harm() -> None:
    """The refused request is worth sending again, though its nonce is no news any more."""
    async with login_site(dpop="required") as site:
        auth = await logged_in(site)
        told = {**ASKS, "dpop-nonce": "n1"}
        sent = await auth.headers(REQUEST)
        auth.answered(REQUEST, {"dpop-nonce": "n1"})
        assert await auth.challenged(Refusal(REQUEST, 401, told, sent))
        again = await auth.headers(REQUEST)
        assert nonce_of(again["dpop"]) == "n1"
        # What held that very nonce and was refused all the same is not.
        assert not await auth.challenged(Refusal(REQUEST, 401, told, again))


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_server_that_is_never_content_is_given_up(fresh: bool) -> None:
    async with login_site(dpop="required") as site:
        peer = Nonces(lambda number: f"n{number}" if fresh else "n", content=False)
        assert await asked(AuthorizedHTTP(peer, await logged_in(site))) == 401
    assert len(peer.held) == (4 if fresh else 2)


async def test_what_others_say_is_no_nonce_of_this_server() -> None:
    async with login_site(dpop="required") as site:
        auth = await logged_in(site)
        elsewhere = OutgoingRequest("POST", "https://elsewhere.example/mcp")
        auth.answered(elsewhere, {"dpop-nonce": "theirs"})
        auth.answered(REQUEST, {"dpop-nonce": "x" * 5000})
        assert nonce_of((await auth.headers(REQUEST))["dpop"]) is None


async def test_before_the_login_there_is_nothing_to_keep_it_with() -> None:
    async with login_site(dpop="required") as site:
        auth = site.authorizer()
        auth.answered(REQUEST, {"dpop-nonce": "early"})
        await auth.login()
        assert nonce_of((await auth.headers(REQUEST))["dpop"]) is None
