"""Stolen, injected and guessed authorization codes (RFC 9700, sections 2.1.1, 4.5, 4.8)."""

from __future__ import annotations

import secrets
from typing import Any

import anyio
import pytest
from oauth_site import REDIRECT, VERIFIER, Browser, World, answer_of, s256, web_client, world

pytestmark = pytest.mark.anyio


async def refused(here: World, code: str, **more: Any) -> None:
    answer = await here.exchange(code, **more)
    assert answer.status == 400
    assert answer.message["error"] == "invalid_grant"


async def test_a_replayed_code_revokes_what_it_issued() -> None:
    async with world() as here:
        code = await here.code()
        tokens = (await here.exchange(code)).message
        assert (await here.call(tokens["access_token"])).status == 200
        await refused(here, code)
        assert (await here.call(tokens["access_token"])).status == 401
        again = await here.refresh(tokens["refresh_token"])
        assert again.message["error"] == "invalid_grant"


async def test_of_many_exchanges_at_once_none_leaves_a_second_set_of_tokens() -> None:
    async with world() as here:
        code = await here.code()
        answers: list[Any] = []

        async def exchange() -> None:
            answers.append(await here.exchange(code))

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(exchange)
        issued = [each.message for each in answers if each.status == 200]
        assert len(issued) <= 1
        for tokens in issued:
            assert (await here.call(tokens["access_token"])).status == 401, "replayed: revoked"


async def test_a_code_injected_into_another_clients_session_is_no_good() -> None:
    async with world() as here:
        here.provider.add_client(web_client("attacker"))
        code = await here.code()
        await refused(here, code, client_id="attacker")
        assert (await here.exchange(code)).status == 200, "and the right client still gets it"


async def test_a_code_injected_into_another_browsers_session_of_the_same_client() -> None:
    async with world() as here:
        stolen = await here.code()
        await refused(here, stolen, code_verifier=secrets.token_urlsafe(48))


@pytest.mark.parametrize("verifier", [None, "", "x" * 43, VERIFIER[:-1], VERIFIER + "x", "short"])
async def test_a_mismatched_verifier_uses_the_code_up(verifier: str | None) -> None:
    async with world() as here:
        code = await here.code()
        await refused(here, code, code_verifier=verifier)
        await refused(here, code)


@pytest.mark.parametrize(
    "pkce",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": VERIFIER, "code_challenge_method": "plain"},
        {"code_challenge": s256(VERIFIER), "code_challenge_method": None},
        {"code_challenge": s256(VERIFIER), "code_challenge_method": "s256"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge": None, "code_challenge_method": "S256"},
    ],
)
async def test_pkce_is_never_left_out_nor_downgraded(pkce: dict[str, Any]) -> None:
    async with world() as here:
        answer = await here.browser().request("GET", here.authorize_url(**pkce))
        assert answer.status == 303
        told = answer_of(answer.headers["location"])
        assert told["error"] == "invalid_request"
        assert "code" not in told


async def test_the_challenge_itself_is_no_verifier() -> None:
    async with world() as here:
        await refused(here, await here.code(), code_verifier=s256(VERIFIER))


async def test_a_code_belongs_to_its_redirect_uri() -> None:
    async with world() as here:
        await refused(here, await here.code(), redirect_uri=f"{REDIRECT}/other")
        await refused(here, await here.code(), redirect_uri=None)


async def test_a_code_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(code_seconds=0.001) as here:
        code = await here.code()
        await anyio.sleep(0.01)
        await refused(here, code)


async def test_a_confidential_client_proves_itself_as_well() -> None:
    from oauth_site import with_secret

    client, secret = with_secret(web_client("app"))
    async with world() as here:
        here.provider.add_client(client)
        browser = Browser(here.site)
        for wrong in ({}, {"client_secret": "guess"}, {"client_secret": ""}):
            code = await here.code(browser=browser, client_id="app")
            answer = await here.exchange(code, "app", **wrong)
            assert answer.status in (400, 401)
            assert answer.message["error"] == "invalid_client"
        code = await here.code(browser=browser, client_id="app")
        assert (await here.exchange(code, "app", client_secret=secret)).status == 200
