"""Handlers that are plain functions, in worker threads and on the loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import pytest
from zcp_kernel.errors import TaskCancelled
from zcp_kernel.model import TextContent
from zcp_kernel.tasks import BlockingTask, TaskExecutionContext

pytestmark = pytest.mark.anyio


def threaded(function: Callable[[BlockingTask], Any]) -> Any:
    """The body for a sync handler: as the kernel runs it."""

    async def body(task: TaskExecutionContext) -> Any:
        return await anyio.to_thread.run_sync(function, task.blocking(), abandon_on_cancel=True)

    return body


async def test_every_method_works_from_a_worker_thread(bench: Any) -> None:
    def handler(task: BlockingTask) -> Any:
        assert not task.is_cancelled
        task.set_status("working", "one")
        task.update_status("two")
        action, content = task.elicit({"kind": "approval", "prompt": "Go on?"})
        draft = task.create_message(messages="hi", max_tokens=3)
        roots = task.list_roots()
        assert isinstance(draft.content, TextContent)
        return [task.kind, action, content, draft.content.text, roots.roots[0].uri]

    answers = [
        {"accepted": True, "data": {"x": 1}},
        {"content": "hello"},
        ["file:///w"],
    ]
    async with bench() as b:
        task_id = await b.start(threaded(handler), kind="import")
        for answer in answers:
            (key,) = await b.asked(task_id)
            await b.engine.answer(task_id, "me", key, answer)
        outcome = await b.engine.result(task_id, "me")
        assert outcome == {"result": ["import", "accept", {"x": 1}, "hello", "file:///w"]}
        messages = [notice.status_message for notice in b.link.notices]
        assert messages[:3] == [None, "one", "two"]


async def test_set_status_works_in_an_async_handler_and_keeps_the_order(bench: Any) -> None:
    async def body(task: Any) -> str:
        for number in range(50):
            task.set_status("working", str(number))
        return "ok"

    async with bench() as b:
        task_id = await b.start(body)
        await b.engine.result(task_id, "me")
        said = [n.status_message for n in b.link.notices if n.status_message]
        assert said == [*map(str, range(50)), "49"]
        stored = await b.store.get(task_id)
        assert stored.descriptor == await b.engine.get(task_id, "me")


async def test_set_status_works_from_any_thread(bench: Any) -> None:
    def handler(task: BlockingTask) -> str:
        threads = [
            threading.Thread(target=task.set_status, args=("working", f"thread {n}"))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return "ok"

    async with bench() as b:
        task_id = await b.start(threaded(handler))
        assert await b.engine.result(task_id, "me") == {"result": "ok"}
        said = {n.status_message for n in b.link.notices if n.status_message}
        assert said == {f"thread {n}" for n in range(8)}


@pytest.mark.parametrize("status", ["queued", "completed", "failed", "cancelled", "done", ""])
async def test_a_status_a_handler_cannot_set_is_refused(bench: Any, status: str) -> None:
    async def body(task: Any) -> Any:
        with pytest.raises(ValueError, match="status"):
            task.set_status(status, "x")
        raise_in_thread = task.blocking().set_status
        with pytest.raises(ValueError, match="status"):
            await anyio.to_thread.run_sync(raise_in_thread, status)
        return "ok"

    async with bench() as b:
        assert await b.engine.result(await b.start(body), "me") == {"result": "ok"}
        assert b.link.statuses == ["working", "completed"]


async def test_a_handler_may_declare_that_it_waits_for_input(bench: Any) -> None:
    go_on = anyio.Event()

    async def body(task: Any) -> str:
        task.set_status("input_required", "call the office")
        await go_on.wait()
        task.set_status("working")
        return "ok"

    async with bench() as b:
        task_id = await b.start(body)
        task = await b.until(task_id, "input_required")
        assert (task.status_message, task.input_requests) == ("call the office", None)
        go_on.set()
        await b.engine.result(task_id, "me")
        assert b.link.statuses == ["working", "input_required", "working", "completed"]


async def test_a_thread_that_waits_for_an_answer_is_freed_by_cancelling(bench: Any) -> None:
    freed: list[BaseException] = []
    done = threading.Event()

    def handler(task: BlockingTask) -> None:
        try:
            task.elicit("Anybody?")
        except TaskCancelled as error:
            freed.append(error)
        finally:
            assert task.is_cancelled
            task.set_status("working", "after the end")
            done.set()

    async with bench() as b:
        task_id = await b.start(threaded(handler))
        await b.until(task_id, "input_required")
        await b.engine.cancel(task_id, "me")
        assert await anyio.to_thread.run_sync(done.wait, 10)
        assert len(freed) == 1
        task = await b.engine.get(task_id, "me")
        assert (task.status, task.status_message) == ("cancelled", "the task was cancelled")


async def test_waiting_on_the_loops_own_thread_is_an_error_not_a_deadlock(bench: Any) -> None:
    async def body(task: Any) -> str:
        with pytest.raises(RuntimeError, match="make it async"):
            task.blocking().elicit("Anybody?")
        task.blocking().set_status("working", "inline")
        return "ok"

    async with bench() as b:
        assert await b.engine.result(await b.start(body), "me") == {"result": "ok"}
