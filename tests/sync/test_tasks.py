"""Tasks to hold on to: their changes one by one, their result, their end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context
from zcp_kernel.errors import DeadlineExceeded, ZCPError

from .conftest import Open, Waiter


@pytest.fixture
def app(waiter: Waiter) -> FastZCP:
    app = FastZCP("Tasks")
    optional = {"taskSupport": "optional"}

    @app.tool(execution=optional)
    async def bake(layers: int, task: Any = None, ctx: Context | None = None) -> dict[str, int]:
        assert ctx is not None
        for layer in range(layers):
            await ctx.report_progress(layer + 1, layers)
            await task.update_status(f"layer {layer + 1}")
            await anyio.sleep(0.05)
        return {"layers": layers}

    @app.tool(execution=optional)
    async def forever() -> None:
        waiter.started.set()
        try:
            await anyio.sleep_forever()
        finally:
            waiter.ended.set()

    @app.tool(execution=optional)
    async def asks(ctx: Context) -> Any:
        return (await ctx.elicit("Who?", {"type": "object", "properties": {}})).action

    return app


def test_iterating_gives_every_change_and_ends_with_the_task(connect: Open) -> None:
    with connect() as client:
        task = client.start_task("bake", {"layers": 3}, poll_interval=10)
        states = list(task)
        assert states[-1]["status"] == "completed"
        assert {state["taskId"] for state in states} == {task.task_id}
        assert task.done
        assert task.result()["structuredContent"] == {"layers": 3}
        assert list(task) == [task.state]


def test_the_result_alone(connect: Open) -> None:
    seen: list[float] = []
    with connect() as client:
        task = client.start_task(
            "bake", {"layers": 2}, progress=lambda entry: seen.append(entry["progress"])
        )
        assert task.result(20)["structuredContent"] == {"layers": 2}
        assert (task.status, task.done) == ("completed", True)
    assert seen == [1, 2]


def test_the_session_may_be_used_between_two_changes(connect: Open) -> None:
    with connect() as client:
        for state in client.start_task("bake", {"layers": 2}, poll_interval=10):
            assert client.get_task(state["taskId"])["task"]["taskId"] == state["taskId"]


def test_leaving_the_loop_leaves_the_task(connect: Open, waiter: Waiter) -> None:
    with connect() as client:
        task = client.start_task("forever", poll_interval=10)
        changes: Iterator[dict[str, Any]] = iter(task)
        assert next(changes)["status"] in ("queued", "working")
        del changes
        assert client.ping() == {"ok": True}
        assert task.refresh()["status"] == "working"
        assert task.cancel()["status"] == "cancelled"
        with pytest.raises(ZCPError, match="cancelled"):
            task.result()
        assert waiter.ended.wait(20)


def test_a_result_that_does_not_come_in_time(connect: Open) -> None:
    with connect() as client:
        task = client.start_task("forever")
        with pytest.raises(DeadlineExceeded):
            task.result(0.05)
        assert not task.done
        task.cancel()


def test_a_task_made_before_is_held_by_its_id(connect: Open) -> None:
    with connect() as client:
        created = client.call_tool_as_task("bake", {"layers": 1})
        task = client.task(created["task"]["taskId"])
        assert task.result()["structuredContent"] == {"layers": 1}
        assert task.refresh()["status"] == task.status == "completed"
        assert task.task_id in repr(task)
        assert task.status_message == "layer 1"


def test_what_a_task_asks_is_answered_by_the_hook(connect: Open) -> None:
    with connect(elicitation_handler=lambda _: {"action": "decline"}) as client:
        task = client.start_task("asks", poll_interval=10)
        assert task.result(20)["content"][0]["text"] == "decline"


def test_an_unknown_task_is_refused_where_it_is_asked_for(connect: Open) -> None:
    with connect() as client:
        task = client.task("no-such-task")
        with pytest.raises(ZCPError, match="no-such-task"):
            task.refresh()
        with pytest.raises(ZCPError, match="no-such-task"):
            list(task)
