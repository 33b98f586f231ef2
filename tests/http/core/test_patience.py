"""Waits that end when they take too long, and only then."""

from __future__ import annotations

import anyio
import pytest
from http_core import site
from zcp_transport_http.patience import Patience

pytestmark = pytest.mark.anyio


async def answer(value: str) -> str:
    await anyio.sleep(0.001)
    return value


async def forever(_: None) -> None:
    await anyio.sleep_forever()


async def test_what_is_done_in_time_is_returned() -> None:
    async with site() as here:
        await here.client().initialize()
        patience = Patience(here.application.kernel, 30)
        assert await patience.within(answer, "done") == "done"


async def test_what_takes_too_long_ends_and_its_task_goes_on() -> None:
    async with site() as here:
        await here.client().initialize()
        patience = Patience(here.application.kernel, 0.02)
        with pytest.raises(TimeoutError):
            await patience.within(forever, None)
        assert await patience.within(answer, "next") == "next"


async def test_each_wait_ends_by_its_own_time() -> None:
    ended: list[int] = []

    async def wait(number: int) -> None:
        with pytest.raises(TimeoutError):
            await patience.within(forever, None)
        ended.append(number)

    async with site() as here:
        await here.client().initialize()
        patience = Patience(here.application.kernel, 0.05)
        async with anyio.create_task_group() as group:
            group.start_soon(wait, 1)
            await anyio.sleep(0.03)
            group.start_soon(wait, 2)
    assert ended == [1, 2]


async def test_a_cancellation_from_outside_stays_one() -> None:
    async with site() as here:
        await here.client().initialize()
        patience = Patience(here.application.kernel, 30)
        with anyio.move_on_after(0.02) as scope:
            await patience.within(forever, None)
        assert scope.cancelled_caught
        assert await patience.within(answer, "next") == "next"
