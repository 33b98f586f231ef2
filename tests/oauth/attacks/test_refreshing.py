"""A refresh token in two hands (RFC 9700, section 4.14)."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from oauth_site import web_client, with_secret, world

pytestmark = pytest.mark.anyio


async def test_a_replay_ends_the_tokens_of_both() -> None:
    async with world(refresh_grace_seconds=0) as here:
        first = await here.tokens()
        second = (await here.refresh(first["refresh_token"])).message
        assert second["refresh_token"] != first["refresh_token"]
        replayed = await here.refresh(first["refresh_token"])
        assert replayed.message["error"] == "invalid_grant"
        for tokens in (first, second):
            assert (await here.call(tokens["access_token"])).status == 401
        assert (await here.refresh(second["refresh_token"])).message["error"] == "invalid_grant"


async def test_the_loser_of_a_race_gets_the_same_successor_and_no_branch_of_its_own() -> None:
    async with world() as here:
        first = await here.tokens()
        answers: list[Any] = []

        async def refresh() -> None:
            answers.append((await here.refresh(first["refresh_token"])).message)

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(refresh)
        assert len({each["refresh_token"] for each in answers}) == 1
        third = (await here.refresh(answers[0]["refresh_token"])).message
        late = await here.refresh(first["refresh_token"])
        assert late.message["error"] == "invalid_grant", "its successor was used: somebody else's"
        assert (await here.call(third["access_token"])).status == 401


async def test_another_clients_refresh_token_is_no_good_and_stays() -> None:
    async with world() as here:
        here.provider.add_client(web_client("attacker"))
        tokens = await here.tokens()
        stolen = await here.refresh(tokens["refresh_token"], "attacker")
        assert stolen.message["error"] == "invalid_grant"
        assert (await here.refresh(tokens["refresh_token"])).status == 200


async def test_scopes_never_grow() -> None:
    async with world() as here:
        tokens = await here.tokens()
        more = await here.refresh(tokens["refresh_token"], scope="weather.read weather.write")
        assert more.message["error"] == "invalid_scope"


async def test_a_confidential_clients_refresh_token_needs_its_secret() -> None:
    client, secret = with_secret(web_client("app"))
    async with world() as here:
        here.provider.add_client(client)
        code = await here.code(client_id="app")
        tokens = (await here.exchange(code, "app", client_secret=secret)).message
        stolen = await here.refresh(tokens["refresh_token"], "app")
        assert stolen.message["error"] == "invalid_client"
        good = await here.refresh(tokens["refresh_token"], "app", client_secret=secret)
        assert good.status == 200


async def test_an_access_token_is_no_refresh_token_nor_the_other_way_round() -> None:
    async with world() as here:
        tokens = await here.tokens()
        assert (await here.call(tokens["refresh_token"])).status == 401
        answer = await here.refresh(tokens["access_token"])
        assert answer.message["error"] == "invalid_grant"
