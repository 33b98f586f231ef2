"""Cancelling really cancels, wherever the body stands."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
from zcp_kernel.errors import InvalidParams, TaskCancelled
from zcp_kernel.model import SamplingRequest

pytestmark = pytest.mark.anyio


async def sleeping(task: Any) -> None:
    await anyio.sleep_forever()


async def reporting(task: Any) -> None:
    while True:
        await task.update_status("round and round")


async def asking_openly(task: Any) -> None:
    await task.elicit("May I?")


async def asking_twice(task: Any) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(task.elicit, "One?")
        group.start_soon(task.list_roots)


async def asking_the_client(task: Any) -> None:
    await task.create_message(messages="hello", max_tokens=5)


async def in_a_thread(task: Any) -> None:
    await anyio.to_thread.run_sync(threading.Event().wait, 0.2, abandon_on_cancel=True)
    await anyio.sleep_forever()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (sleeping, "working"),
        (reporting, "working"),
        (asking_openly, "input_required"),
        (asking_twice, "input_required"),
        (asking_the_client, "input_required"),
        (in_a_thread, "working"),
    ],
)
async def test_cancels_at_every_await(bench: Any, body: Any, status: str) -> None:
    unwound = anyio.Event()
    asked_in_vain = []

    async def silent_client(params: Any) -> Any:
        assert isinstance(params, SamplingRequest)
        try:
            await anyio.sleep_forever()
        finally:
            asked_in_vain.append(params)

    async def watched(task: Any) -> None:
        try:
            await body(task)
        finally:
            unwound.set()

    async with bench() as b:
        b.link.answers["sampling/createMessage"] = silent_client
        task_id = await b.start(watched)
        await b.until(task_id, status)
        cancelled = await b.engine.cancel(task_id, "me")
        assert (cancelled.status, cancelled.input_requests) == ("cancelled", None)
        await unwound.wait()
        outcome = await b.engine.result(task_id, "me")
        assert outcome == {"error": {"code": 499, "message": f"cancelled:{task_id}"}}
        assert b.link.statuses[-1] == "cancelled"
        assert len(asked_in_vain) == (1 if body is asking_the_client else 0)
        assert not b.engine._runs.running


async def test_cancels_before_the_body_began(bench: Any) -> None:
    began = []

    async def body(task: Any) -> None:
        began.append(task)

    async with bench() as b:
        task_id = await b.start(body)
        assert (await b.engine.cancel(task_id, "me")).status == "cancelled"
        await anyio.wait_all_tasks_blocked()
        assert began == []
        assert b.link.statuses == ["cancelled"]


async def test_a_body_that_ignores_cancellation_ends_cancelled_all_the_same(bench: Any) -> None:
    go_on, ended = anyio.Event(), anyio.Event()

    async def stubborn(task: Any) -> str:
        with anyio.CancelScope(shield=True):
            await go_on.wait()
            assert task.is_cancelled
            task.set_status("working", "still here")
            await task.update_status("and here")
            with pytest.raises(TaskCancelled):
                await task.elicit("Anybody?")
        ended.set()
        return "too late"

    async with bench() as b:
        task_id = await b.start(stubborn)
        await b.until(task_id, "working")
        await b.engine.cancel(task_id, "me")
        go_on.set()
        await ended.wait()
        await anyio.wait_all_tasks_blocked()
        task = await b.engine.get(task_id, "me")
        assert (task.status, task.status_message) == ("cancelled", "the task was cancelled")
        assert "error" in await b.engine.result(task_id, "me")
        assert b.link.statuses == ["working", "cancelled"]


async def test_a_body_that_swallows_cancellation_ends_cancelled(bench: Any) -> None:
    async def swallowing(task: Any) -> str:
        try:
            await anyio.sleep_forever()
        except BaseException:
            return "nothing happened"
        return "unreachable"

    async with bench() as b:
        task_id = await b.start(swallowing)
        await b.until(task_id, "working")
        await b.engine.cancel(task_id, "me")
        await anyio.wait_all_tasks_blocked()
        assert "error" in await b.engine.result(task_id, "me")
        assert (await b.engine.get(task_id, "me")).status == "cancelled"


async def test_what_has_ended_cannot_be_cancelled(bench: Any) -> None:
    async def quick(task: Any) -> int:
        return 1

    async with bench() as b:
        task_id = await b.start(quick)
        await b.engine.result(task_id, "me")
        with pytest.raises(InvalidParams, match="already ended: completed"):
            await b.engine.cancel(task_id, "me")
        with pytest.raises(InvalidParams, match="already ended"):
            await b.engine.answer(task_id, "me", "k", True)
        assert (await b.engine.get(task_id, "me")).status == "completed"


async def test_a_wait_for_the_result_can_be_given_up(bench: Any) -> None:
    async with bench() as b:
        task_id = await b.start(sleeping)
        with anyio.move_on_after(0.01) as scope:
            await b.engine.result(task_id, "me")
        assert scope.cancelled_caught
        assert (await b.engine.get(task_id, "me")).status == "working"


async def test_every_waiter_gets_the_result(bench: Any) -> None:
    go_on, got = anyio.Event(), []

    async def body(task: Any) -> str:
        await go_on.wait()
        return "ok"

    async with bench() as b:
        task_id = await b.start(body)

        async def wait() -> None:
            got.append(await b.engine.result(task_id, "me"))

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            go_on.set()
        assert got == [{"result": "ok"}] * 20
