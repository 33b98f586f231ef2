"""Taking turns at reading: concurrency without a task for each call, and nobody is starved."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
import sniffio
from harness import connected, make_app
from zcp_kernel._core.turns import CALLS_IN_A_ROW, MAX_WAITING, Turns
from zcp_kernel.security import local_principal
from zcp_kernel.serving import serve

pytestmark = pytest.mark.anyio


async def test_calls_that_wait_run_at_the_same_time() -> None:
    everyone, inside = 100, 0
    all_here = anyio.Event()
    left = list(range(everyone))

    async def read() -> Any:
        return left.pop() if left else None

    async def answer(due: Any) -> None:
        nonlocal inside
        inside += 1
        if inside == everyone:
            all_here.set()
        await all_here.wait()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            await Turns(group, read, answer).run()
    assert inside == everyone


async def test_each_is_run_once_in_order_when_none_waits() -> None:
    left, seen = list(range(1000)), []

    async def read() -> Any:
        return left.pop(0) if left else None

    async def answer(due: Any) -> None:
        seen.append(due)

    async with anyio.create_task_group() as group:
        await Turns(group, read, answer).run()
    assert seen == list(range(1000))


async def test_calls_begin_in_the_order_they_came_in_whether_they_wait_or_not() -> None:
    left, began = list(range(500)), []

    async def read() -> Any:
        return left.pop(0) if left else None

    async def answer(due: Any) -> None:
        began.append(due)
        if due % 3 or due > 400:
            await anyio.sleep(0.001)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            await Turns(group, read, answer).run()
    assert sorted(began) == list(range(500))
    if sniffio.current_async_library() == "asyncio":
        assert began == list(range(500))


async def test_others_get_their_turn_however_much_there_is_to_read() -> None:
    others, steps, most = 0, 0, 0
    stop = anyio.Event()

    async def read() -> Any:
        return None if stop.is_set() else "call"

    async def answer(due: Any) -> None:
        nonlocal steps, most
        steps += 1
        most = max(most, steps)

    async def other() -> None:
        nonlocal others, steps
        while others < 50:
            others += 1
            steps = 0
            await anyio.lowlevel.checkpoint()
        stop.set()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(other)
            await Turns(group, read, answer).run()
    assert others == 50
    assert most <= 4 * CALLS_IN_A_ROW


async def test_few_tasks_are_kept_after_a_flood() -> None:
    flood, gate = [object() for _ in range(500)], anyio.Event()
    more = anyio.Event()

    async def read() -> Any:
        if flood:
            return flood.pop()
        gate.set()
        await more.wait()
        return None

    async def answer(due: Any) -> None:
        await gate.wait()

    async with anyio.create_task_group() as group:
        turns = Turns(group, read, answer)
        group.start_soon(turns.run)
        await gate.wait()
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        assert len(turns._waiting) <= MAX_WAITING
        more.set()


class Script:
    """A channel whose peer sends these frames, then no more, and still reads."""

    def __init__(self, *messages: Any) -> None:
        self._frames = [json.dumps({"jsonrpc": "2.0", **each}).encode() for each in messages]
        self.ended = anyio.Event()
        self.sent: list[Any] = []

    async def receive(self) -> bytes:
        if self._frames:
            return self._frames.pop(0)
        self.ended.set()
        raise anyio.EndOfStream

    async def send(self, frame: bytes) -> None:
        self.sent.append(json.loads(frame))

    async def aclose(self) -> None:
        self.ended.set()


async def test_a_channel_that_ends_lets_calls_in_flight_answer() -> None:
    app = make_app()
    client = {"capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    channel = Script(
        {"id": 1, "method": "initialize", "params": {"protocolVersion": "echo/1", **client}},
        {"id": 2, "method": "tools/call", "params": {"name": "wait"}},
    )

    @app.tool(name="wait", input_schema={"type": "object"})
    async def wait() -> int:
        await channel.ended.wait()
        await anyio.lowlevel.checkpoint()
        return 1

    async with app.compose().running() as kernel:
        await serve(kernel, channel, principal=local_principal())
    assert [message["id"] for message in channel.sent] == [1, 2]


async def test_the_other_calls_go_on_while_one_blocks_a_thread() -> None:
    app = make_app()
    release = anyio.Event()

    @app.tool(name="stuck", input_schema={"type": "object"})
    def stuck() -> int:
        anyio.from_thread.run(release.wait)
        return 1

    async with connected(app) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "stuck", {})
        for _ in range(3):
            assert await client.ping() == {"ok": True}
        release.set()


@pytest.mark.parametrize("calls", [1, 200])
def test_under_a_loop_that_anyio_did_not_start(calls: int) -> None:
    app = make_app()

    @app.tool(name="slow", input_schema={"type": "object"})
    async def slow() -> int:
        await asyncio.sleep(0.01)
        return 1

    async def main() -> int:
        async with connected(app) as client:
            done = await asyncio.gather(*(client.call_tool("slow", {}) for _ in range(calls)))
            return sum(each["structuredContent"] for each in done)

    assert asyncio.run(asyncio.wait_for(main(), 20)) == calls
