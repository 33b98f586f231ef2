"""The in-memory channel pair."""

from __future__ import annotations

import anyio
import pytest
from zcp_kernel.memory import channel_pair

pytestmark = pytest.mark.anyio


async def test_frames_arrive_in_order_both_ways() -> None:
    left, right = channel_pair()
    for number in range(3):
        await left.send(b"%d" % number)
        await right.send(b"r%d" % number)
    assert [await right.receive() for _ in range(3)] == [b"0", b"1", b"2"]
    assert [await left.receive() for _ in range(3)] == [b"r0", b"r1", b"r2"]


async def test_a_full_buffer_makes_the_sender_wait() -> None:
    left, right = channel_pair(capacity=2)
    sent: list[int] = []

    async def send(number: int) -> None:
        await left.send(b"%d" % number)
        sent.append(number)

    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(send, number)
        await anyio.wait_all_tasks_blocked()
        assert len(sent) == 2
        received = {await right.receive() for _ in range(5)}
    assert received == {b"0", b"1", b"2", b"3", b"4"}


async def test_a_cancelled_sender_passes_its_turn_on() -> None:
    left, right = channel_pair(capacity=1)
    await left.send(b"first")
    first, arrived = anyio.CancelScope(), anyio.Event()

    async def cancelled_sender() -> None:
        with first:
            await left.send(b"lost")

    async def sender() -> None:
        await left.send(b"second")
        arrived.set()

    async with anyio.create_task_group() as group:
        group.start_soon(cancelled_sender)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(sender)
        await anyio.wait_all_tasks_blocked()
        assert await right.receive() == b"first"
        first.cancel()
        with anyio.fail_after(5):
            second = await right.receive()
            if second == b"lost":
                second = await right.receive()
            await arrived.wait()
    assert second == b"second"


async def test_what_was_sent_before_the_close_is_still_read() -> None:
    left, right = channel_pair()
    await left.send(b"last words")
    await left.aclose()
    await left.aclose()
    assert await right.receive() == b"last words"
    for _ in range(2):
        with pytest.raises(anyio.EndOfStream):
            await right.receive()
    with pytest.raises(anyio.BrokenResourceError):
        await right.send(b"too late")
    with pytest.raises(anyio.BrokenResourceError):
        await left.send(b"too late")


@pytest.mark.parametrize("closer", ["own", "other"])
async def test_close_wakes_whoever_waits(closer: str) -> None:
    left, right = channel_pair(capacity=1)
    await left.send(b"full")
    ends: list[type[BaseException]] = []

    async def receive() -> None:
        with pytest.raises(anyio.EndOfStream) as caught:
            await left.receive()
        ends.append(caught.type)

    async def send() -> None:
        with pytest.raises(anyio.BrokenResourceError) as caught:
            await left.send(b"more")
        ends.append(caught.type)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(receive)
            group.start_soon(send)
            await anyio.wait_all_tasks_blocked()
            await (left if closer == "own" else right).aclose()
    assert len(ends) == 2


def test_a_capacity_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        channel_pair(capacity=0)
