"""The channel that never leaves the process: frames keep their order, whoever brings them."""

from __future__ import annotations

import anyio
import pytest
from zcp_kernel.memory import channel_pair

pytestmark = pytest.mark.anyio


async def test_a_writer_that_waited_is_not_overtaken() -> None:
    """One that was let in and has not run yet is still the first."""
    near, far = channel_pair(1)
    await near.send(b"0")
    async with anyio.create_task_group() as group:
        group.start_soon(near.send, b"1")
        await anyio.wait_all_tasks_blocked()
        assert await far.receive() == b"0"
        # There is room, and the first writer has its turn.
        assert not near.send_now(b"2")
        group.start_soon(near.send, b"2")
        assert await far.receive() == b"1"
        assert await far.receive() == b"2"
    assert near.send_now(b"3")


async def test_a_turn_is_not_lost_with_a_writer_that_gave_up() -> None:
    near, far = channel_pair(1)
    await near.send(b"0")
    async with anyio.create_task_group() as group:
        first = anyio.CancelScope()

        async def give_up() -> None:
            with first:
                await near.send(b"never")

        group.start_soon(give_up)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(near.send, b"1")
        await anyio.wait_all_tasks_blocked()
        assert await far.receive() == b"0"
        first.cancel()
        # It may have been let in before it learnt that it need not wait.
        while await far.receive() != b"1":
            pass
    assert near.send_now(b"2")


async def test_many_writers_through_a_narrow_channel() -> None:
    near, far = channel_pair(3)
    heard: list[bytes] = []
    async with anyio.create_task_group() as group:
        for number in range(200):
            group.start_soon(near.send, b"%d" % number)
        for _ in range(200):
            heard.append(await far.receive())
    assert sorted(heard) == sorted(b"%d" % number for number in range(200))


async def test_a_close_wakes_whoever_waits() -> None:
    near, far = channel_pair(1)
    await near.send(b"0")
    failed: list[bool] = []

    async def send() -> None:
        try:
            await near.send(b"1")
        except anyio.BrokenResourceError:
            failed.append(True)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(send)
        await anyio.wait_all_tasks_blocked()
        await far.aclose()
    assert failed == [True] * 5
