"""Connections cut anywhere: with a session every answer arrives, once; without one the call fails
by itself."""

from __future__ import annotations

import random

import pytest
from zcp_kernel.errors import ConnectionLost

from .counting import STEPS, bench

pytestmark = pytest.mark.anyio
WITH_SESSION = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "zcp/1"]
STATELESS = "2026-07-28"
PROGRESS = [float(number + 1) for number in range(STEPS)]
TAIL = 20
"""Bytes at the end of a response without which it may still be read."""

RANDOM_CUTS = 100
"""For each revision with sessions, so 500 in all."""


async def test_a_stream_cut_at_every_byte() -> None:
    async with bench("2025-11-25") as table:
        size = await table.size("steps")
        for cut in range(size):
            name = f"cut{cut}"
            assert await table.call("steps", name, cut) == (f"done {name}", PROGRESS)
            assert table.ran[name] == 1
        assert table.proxy.cuts == size


@pytest.mark.parametrize("revision", WITH_SESSION)
async def test_answers_cut_at_random(revision: str) -> None:
    chance = random.Random(f"cuts {revision}")
    async with bench(revision) as table:
        sizes = {tool: await table.size(tool) for tool in ("steps", "plain")}
        for number in range(RANDOM_CUTS):
            tool = chance.choice(("steps", "plain"))
            name = f"{tool}{number}"
            answer, heard = await table.call(tool, name, chance.randrange(sizes[tool]))
            assert answer == f"done {name}"
            assert heard == (PROGRESS if tool == "steps" else [])
            assert table.ran[name] == 1
        assert table.proxy.cuts > RANDOM_CUTS * 0.9


@pytest.mark.parametrize("revision", ["2025-11-25", "zcp/1"])
async def test_requests_cut_on_their_way(revision: str) -> None:
    async with bench(revision) as table:
        for cut in range(0, 500, 13):
            name = f"up{cut}"
            table.proxy.cut_up_after = cut
            assert await table.call("plain", name) == (f"done {name}", [])
            assert table.ran[name] == 1
        assert table.proxy.cuts > 30


async def test_without_a_session_a_cut_call_fails_by_itself() -> None:
    async with bench(STATELESS) as table:
        size = await table.size("steps")
        for cut in range(0, size - TAIL, 7):
            name = f"cut{cut}"
            with pytest.raises(ConnectionLost) as failed:
                await table.call("steps", name, cut)
            assert not failed.value.retryable
            assert table.ran[name] == 1
            assert await table.call("plain", f"after{cut}") == (f"done after{cut}", [])


async def test_http_sse_has_nothing_to_resume_and_opens_anew() -> None:
    async with bench("sse") as table:
        size = await table.size("steps")
        lost = 0
        for cut in range(0, size, 29):
            name = f"cut{cut}"
            try:
                answer, _ = await table.call("steps", name, cut)
            except ConnectionLost as error:
                lost += not error.retryable
            else:
                # It was the response of the post that broke, not the stream with the answer.
                assert answer == f"done {name}"
            assert table.ran[name] <= 1
            assert await table.call("plain", f"after{cut}") == (f"done after{cut}", [])
        assert lost > 5


async def test_without_a_session_what_may_be_repeated_is_sent_again() -> None:
    async with bench(STATELESS) as table:
        await table.client.list_tools()
        size = await table.size("again")
        for cut in range(0, size - TAIL, 11):
            name = f"cut{cut}"
            answer, _ = await table.call("again", name, cut)
            assert answer == f"done {name}"
            assert table.ran[name] in (1, 2)
        assert any(count == 2 for count in table.ran.values())
