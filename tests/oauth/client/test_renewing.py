"""Tokens are renewed ahead of their end, once, whoever waits; and what cannot be renewed is got
anew."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import pytest
from attrs import define, evolve
from login_site import URL, login_site
from zcp_auth_oauth.client import (
    FetchFailed,
    FileTokenStorage,
    MemoryTokenStorage,
    OAuthAuthorizer,
    TokenRefused,
)
from zcp_auth_oauth.client.session import Tokens, read_session, session_text
from zcp_kernel.contracts import OutgoingRequest, Refusal

pytestmark = pytest.mark.anyio

REQUEST = OutgoingRequest("POST", URL)


@define
class Clock:
    """Seconds that pass when told to; the server's tokens live by the real ones."""

    ahead: float = 0.0

    def __call__(self) -> float:
        import time

        return time.time() + self.ahead


async def bearer(auth: OAuthAuthorizer) -> str:
    return (await auth.headers(REQUEST))["authorization"]


async def test_a_token_is_renewed_before_its_end() -> None:
    clock = Clock()
    async with login_site() as site:
        auth = site.authorizer(clock=clock)
        await auth.login()
        first = await bearer(auth)
        clock.ahead = 800
        assert await bearer(auth) == first
        clock.ahead = 871
        second = await bearer(auth)
        assert second != first
        assert (await site.world.call(second.partition(" ")[2])).status == 200
    assert len(site.asked) == 1
    (form,) = site.wire.forms("refresh_token")
    assert form["resource"] == URL


async def test_ten_thousand_wait_for_one_renewal() -> None:
    clock = Clock()
    async with login_site() as site:
        auth, got = site.authorizer(clock=clock), set[str]()
        await auth.login()
        clock.ahead = 880

        async def ask() -> None:
            got.add(await bearer(auth))

        async with anyio.create_task_group() as group:
            for _ in range(10_000):
                group.start_soon(ask)
    assert len(got) == 1
    assert len(site.wire.forms("refresh_token")) == 1


async def test_two_processes_on_one_file_renew_once(tmp_path: Any) -> None:
    clock = Clock()
    async with login_site() as site:
        several = [
            site.authorizer(clock=clock, storage=FileTokenStorage(tmp_path / "logins"))
            for _ in range(4)
        ]
        await several[0].login()
        for each in several:
            await each.session()
        clock.ahead = 880
        got = set[str]()

        async def ask(auth: OAuthAuthorizer) -> None:
            got.add(await bearer(auth))

        async with anyio.create_task_group() as group:
            for each in several:
                group.start_soon(ask, each)
    assert len(got) == 1
    assert len(site.wire.forms("refresh_token")) == 1


async def test_a_renewal_is_finished_though_its_caller_was_cancelled() -> None:
    clock, storage = Clock(), MemoryTokenStorage()
    async with login_site() as site:
        auth = site.authorizer(clock=clock, storage=storage)
        await auth.login()
        clock.ahead = 880
        scope = anyio.CancelScope()

        def cancel_at_refresh(request: httpx2.Request) -> None:
            scope.cancel()

        site.wire.meddle = cancel_at_refresh
        with scope:
            await bearer(auth)
        site.wire.meddle = None
        token = (await bearer(auth)).partition(" ")[2]
        assert (await site.world.call(token)).status == 200
        anew = site.authorizer(clock=clock, storage=storage)
        assert await bearer(anew) == f"Bearer {token}"
    assert len(site.wire.forms("refresh_token")) == 1
    assert len(site.asked) == 1


async def test_a_server_that_is_away_does_not_matter_while_the_token_is_good() -> None:
    clock = Clock()
    async with login_site() as site:
        auth = site.authorizer(clock=clock)
        await auth.login()
        first = await bearer(auth)
        site.wire.meddle = lambda _: httpx2.Response(503)
        clock.ahead = 880
        assert await bearer(auth) == first
        assert await bearer(auth) == first
        assert len(site.wire.forms("refresh_token")) == 1, "it is left alone for a while"
        clock.ahead = 901
        site.wire.meddle = None
        assert await bearer(auth) != first
    assert len(site.asked) == 1


async def test_a_login_that_was_revoked_is_made_anew() -> None:
    async with login_site() as site:
        auth = site.authorizer()
        session = await auth.login()
        form = {"token": session.tokens.refresh_token, "client_id": session.client.client_id}
        await site.world.post("/revoke", form)
        async with site.session(auth) as client:
            assert (await client.call_tool("forecast"))["content"][0]["text"] == "rain"
    assert len(site.asked) == 2
    assert len(site.wire.forms("refresh_token")) == 1


async def refused(auth: OAuthAuthorizer, header: str, status: int = 401) -> bool:
    sent = await auth.headers(REQUEST)
    return await auth.challenged(Refusal(REQUEST, status, {"www-authenticate": header}, sent))


async def test_a_server_that_is_never_content_does_not_keep_the_user_busy() -> None:
    async with login_site() as site:
        auth = site.authorizer()
        got = [await refused(auth, "Bearer") for _ in range(20)]
        assert got[0] is True
        assert got[-1] is False
        for scope in ("weather.read", "weather.write", "weather.read weather.write") * 5:
            header = f'Bearer error="insufficient_scope", scope="{scope}"'
            await refused(auth, header, 403)
    assert len(site.asked) <= 5


async def test_a_user_who_says_no_is_asked_once_by_all_who_were_refused() -> None:
    from zcp_auth_oauth.client import AuthorizationRefused

    async with login_site() as site:
        site.change = lambda url: url.replace("code=", "error=access_denied&was=")
        auth, errors = site.authorizer(), list[Exception]()

        async def ask() -> None:
            try:
                await refused(auth, "Bearer")
            except AuthorizationRefused as error:
                errors.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(ask)
        assert len(errors) == 50
        assert len(site.asked) == 1
        site.change = lambda url: url
        await auth.login()
        assert await bearer(auth)


async def test_a_refusal_of_old_credentials_asks_for_nothing() -> None:
    async with login_site() as site:
        auth = site.authorizer()
        await auth.login()
        old = Refusal(REQUEST, 401, {"www-authenticate": "Bearer"}, {"authorization": "Bearer x"})
        assert await auth.challenged(old)
        assert not await refused(auth, "Basic realm=x", 403)
    assert len(site.asked) == 1


async def test_a_stored_login_says_what_to_do_when_it_is_over() -> None:
    from zcp_auth_oauth.client import LoginNeeded
    from zcp_auth_oauth.client.grants.stored import StoredGrant

    async with login_site() as site:
        auth = site.authorizer(StoredGrant("zcp login URL"))
        with pytest.raises(LoginNeeded, match="zcp login URL"):
            async with site.session(auth):
                pass
    assert site.asked == []


def test_what_is_stored_is_read_again() -> None:
    text = (
        '{"version":1,"server":"s","issuer":"i","token_endpoint":"t","revocation_endpoint":null,'
        '"resource":null,"requested":["a"],"dpop_key":null,"client":{"client_id":"c"},"tokens":'
        '{"access_token":"x","scopes":["a","b"]}}'
    )
    session = read_session(text)
    assert session.tokens.scopes == ("a", "b")
    assert read_session(session_text(session)) == session
    for broken in ("", "[]", "{}", text.replace('"scopes"', '"other"'), text[:-1]):
        with pytest.raises(Exception, match="log in again"):
            read_session(broken)


@pytest.mark.parametrize(("life", "due"), [(900.0, 870.0), (100.0, 90.0), (1.0, 0.9), (0.0, 0.0)])
def test_when_a_token_is_due(life: float, due: float) -> None:
    tokens = Tokens("x", obtained_at=0.0, expires_at=life)
    assert tokens.due(due)
    assert not tokens.due(due - 0.01)
    assert not evolve(tokens, expires_at=None).due(1e12)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b'{"access_token": ""}', b'{"access_token": 1}',
        b'{"access_token": "a\\nb", "token_type": "Bearer"}',
        '{"access_token": "\u00e9", "token_type": "Bearer"}'.encode(),
        b'{"access_token": "x", "token_type": "mac"}', b'{"access_token": "x"}',
        b"[" * 100_000, b"\xff\xfe",
    ],
)  # fmt: skip
async def test_an_answer_that_holds_no_token(body: bytes) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(200, content=body) if request.url.path == "/token" else None

    async with login_site(meddle=answer) as site:
        with pytest.raises(TokenRefused):
            await site.authorizer().login()


@pytest.mark.parametrize("life", [None, "soon", -5, True, "60", 1e300, [], float("nan")])
async def test_lives_of_every_kind(life: object) -> None:
    told = json.dumps({"access_token": "x", "token_type": "Bearer", "expires_in": life})

    def answer(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(200, text=told) if request.url.path == "/token" else None

    async with login_site(meddle=answer) as site:
        auth = site.authorizer()
        await auth.login()
        assert await bearer(auth) == "Bearer x"


async def test_an_endless_answer_is_cut_off() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response | None:
        return httpx2.Response(200, content=b"{" * 2_000_000)

    async with login_site(meddle=answer) as site:
        with pytest.raises(FetchFailed, match="more than"):
            await site.authorizer().login()
