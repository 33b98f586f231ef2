"""From creation to the end, and what everybody sees of it on the way."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import anyio
import pytest
from zcp_kernel._core.configuration.sections import TasksSection
from zcp_kernel.errors import (
    CANCELLED,
    INTERNAL_ERROR,
    Expired,
    InvalidParams,
    LimitReached,
    NotFound,
    ToolError,
    ZCPError,
)
from zcp_kernel.model import (
    ElicitationResult,
    SamplingResult,
    TaskOptions,
    TextContent,
)

pytestmark = pytest.mark.anyio


async def forever(task: Any) -> None:
    await anyio.sleep_forever()


async def test_a_task_runs_to_its_result_and_every_change_is_notified(bench: Any) -> None:
    async def body(task: Any) -> Any:
        await task.update_status("Fetching")
        b.clock.advance(1)
        await task.update_status("Writing")
        return {"done": [1, 2.5, None, 2**70]}

    async with bench() as b:
        created = await b.engine.create(
            "weather.refresh", {"city": "X"}, owner="me", options=None, body=body, link=b.link
        )
        assert (created.status, created.kind) == ("queued", "weather.refresh")
        assert (created.ttl, created.poll_interval) == (3_600_000, 500)
        assert await b.engine.result(created.task_id, "me") == {
            "result": {"done": [1, 2.5, None, 2**70]}
        }
        task = await b.until(created.task_id, "completed")
        assert task.created_at == created.created_at
        assert [(n.status, n.status_message) for n in b.link.notices] == [
            ("working", None),
            ("working", "Fetching"),
            ("working", "Writing"),
            ("completed", "Writing"),
        ]
        assert task.last_updated_at > task.created_at


async def test_times_are_iso_8601_in_utc_with_milliseconds(bench: Any) -> None:
    async with bench() as b:
        task = await b.engine.get(await b.start(forever), "me")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", task.created_at)
        assert datetime.fromisoformat(task.created_at).timestamp() == b.clock.now()


async def test_ids_are_long_and_differ(bench: Any) -> None:
    async with bench() as b:
        ids = {await b.start(forever) for _ in range(50)}
        assert len(ids) == 50
        assert all(len(task_id) >= 22 for task_id in ids)


async def test_shapes_in_a_result_become_their_wire_form(bench: Any) -> None:
    async def body(task: Any) -> Any:
        return {
            "draft": SamplingResult("assistant", TextContent("hi"), "m"),
            "approval": ElicitationResult("accept", {"x": 1}),
        }

    async with bench() as b:
        outcome = await b.engine.result(await b.start(body), "me")
        assert outcome["result"] == {
            "draft": {
                "role": "assistant",
                "content": {"type": "text", "text": "hi"},
                "model": "m",
            },
            "approval": {"action": "accept", "content": {"x": 1}},
        }


async def test_an_error_keeps_code_message_and_data(bench: Any) -> None:
    async def body(task: Any) -> Any:
        raise InvalidParams("invalid: no such city")

    async def with_data(task: Any) -> Any:
        raise ZCPError("boom", {"why": [1]})

    async def with_unsayable_data(task: Any) -> Any:
        raise ToolError("boom", float("nan"))

    async with bench() as b:
        first = await b.start(body)
        outcome = await b.engine.result(first, "me")
        assert outcome == {"error": {"code": -32602, "message": "invalid: no such city"}}
        failed = await b.until(first, "failed")
        assert failed.status_message == "invalid: no such city"
        outcome = await b.engine.result(await b.start(with_data), "me")
        assert outcome == {"error": {"code": -32603, "message": "boom", "data": {"why": [1]}}}
        outcome = await b.engine.result(await b.start(with_unsayable_data), "me")
        assert outcome == {"error": {"code": -32603, "message": "boom"}}


async def test_another_exception_keeps_its_message_and_is_logged(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(task: Any) -> Any:
        async with anyio.create_task_group():
            raise KeyError("the cause")

    async with bench() as b:
        outcome = await b.engine.result(await b.start(body), "me")
    error = outcome["error"]
    assert (error["code"], error["message"]) == (INTERNAL_ERROR, "'the cause'")
    assert error["data"]["id"] in caplog.text
    assert "KeyError" in caplog.text


async def test_masked_errors_say_only_where_to_look(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(task: Any) -> Any:
        raise RuntimeError("password is hunter2")

    async with bench(mask_errors=True) as b:
        task_id = await b.start(body)
        outcome = await b.engine.result(task_id, "me")
        task = await b.until(task_id, "failed")
    assert "hunter2" not in str(outcome) + str(task)
    assert outcome["error"]["data"]["id"] in caplog.text


@pytest.mark.parametrize("value", [float("nan"), {"x": object()}])
async def test_a_result_that_is_no_json_fails_the_task(bench: Any, value: Any) -> None:
    async def body(task: Any) -> Any:
        return value

    async with bench() as b:
        task_id = await b.start(body)
        assert "error" in await b.engine.result(task_id, "me")
        assert (await b.until(task_id, "failed")).status_message


async def test_a_result_that_is_too_large_fails_the_task(bench: Any) -> None:
    async def body(task: Any) -> Any:
        return "x" * 200

    async with bench(max_result_bytes=100) as b:
        outcome = await b.engine.result(await b.start(body), "me")
        assert outcome["error"]["code"] == LimitReached.code


@pytest.mark.parametrize(
    ("operation", "status"), [("tools/call", "failed"), ("tasks/create", "completed")]
)
async def test_only_a_tool_call_fails_by_its_result(
    bench: Any, operation: str, status: str
) -> None:
    async def body(task: Any) -> Any:
        return {"content": [], "isError": True}

    async with bench() as b:
        task_id = await b.start(body, operation=operation)
        assert await b.engine.result(task_id, "me") == {"result": {"content": [], "isError": True}}
        assert (await b.until(task_id, status)).status == status


async def test_somebody_elses_task_does_not_exist(bench: Any) -> None:
    async with bench() as b:
        task_id = await b.start(forever, owner="me")
        for stranger in ("you", ""):
            for call in (b.engine.get, b.engine.result, b.engine.cancel):
                with pytest.raises(NotFound):
                    await call(task_id, stranger)
            with pytest.raises(NotFound):
                await b.engine.answer(task_id, stranger, "k", {})
            assert await b.engine.list(stranger) == ([], None)
        assert (await b.engine.get(task_id, "me")).status in ("queued", "working")


async def test_nobodys_tasks_are_reached_by_id_and_never_listed(bench: Any) -> None:
    async with bench() as b:
        task_id = await b.start(forever, owner="")
        assert (await b.engine.get(task_id, "")).task_id == task_id
        assert await b.engine.list("") == ([], None)


async def test_lists_in_pages_as_the_tasks_now_stand(bench: Any) -> None:
    async with bench() as b:
        ids = [await b.start(forever) for _ in range(5)]
        await b.until(ids[-1], "working")
        await b.engine.cancel(ids[0], "me")
        seen, cursor = [], None
        while True:
            page, cursor = await b.engine.list("me", cursor, 2)
            seen += page
            if cursor is None:
                break
        assert [task.task_id for task in seen] == ids
        assert [task.status for task in seen] == ["cancelled"] + ["working"] * 4
        with pytest.raises(InvalidParams):
            await b.engine.list("me", "made up", 2)


async def test_options_are_bounded_and_checked(bench: Any) -> None:
    settings = TasksSection(default_ttl_ms=1000, max_ttl_ms=5000, poll_interval_ms=7)
    async with bench(settings) as b:

        async def created(**options: Any) -> Any:
            return await b.engine.create(
                "k", None, owner="me", options=TaskOptions(**options), body=forever, link=b.link
            )

        assert (await created()).ttl == 1000
        assert (await created()).poll_interval == 7
        assert (await created(ttl=99_000)).ttl == 5000
        assert (await created(ttl=3, poll_interval=250)).poll_interval == 250
        for wrong in ({"ttl": 0}, {"ttl": -5}, {"poll_interval": 0}):
            with pytest.raises(InvalidParams, match="at least 1"):
                await created(**wrong)


async def test_the_oldest_finished_task_makes_room_and_unfinished_ones_never_do(
    bench: Any,
) -> None:
    async def quick(task: Any) -> int:
        return 1

    async with bench(TasksSection(max_per_owner=3)) as b:
        done = await b.start(quick)
        await b.engine.result(done, "me")
        running = [await b.start(forever) for _ in range(3)]
        with pytest.raises(NotFound):
            await b.engine.get(done, "me")
        with pytest.raises(LimitReached):
            await b.start(forever)
        await b.start(forever, owner="you")
        await b.engine.cancel(running[0], "me")
        await b.start(forever)
        assert len((await b.engine.list("me"))[0]) == 3


async def test_expired_tasks_are_removed_and_their_bodies_cancelled(bench: Any) -> None:
    ended = anyio.Event()

    async def body(task: Any) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            assert task.is_cancelled
            ended.set()

    async with bench() as b:
        short = await b.start(body, ttl=1000)
        long = await b.start(forever, ttl=5000)
        await b.until(short, "working")

        async def wait_for_result() -> None:
            with pytest.raises(Expired):
                await b.engine.result(short, "me")

        async with anyio.create_task_group() as group:
            group.start_soon(wait_for_result)
            await anyio.wait_all_tasks_blocked()
            b.clock.advance(0.999)
            await anyio.wait_all_tasks_blocked()
            assert (await b.engine.get(short, "me")).status == "working"
            b.clock.advance(0.001)
            await ended.wait()
        with pytest.raises(NotFound):
            await b.engine.get(short, "me")
        assert [task.task_id for task in (await b.engine.list("me"))[0]] == [long]
        assert await b.store.get(short) is None
        assert b.clock.waiters == 1
        b.clock.advance(10)
        await anyio.wait_all_tasks_blocked()
        assert await b.store.get(long) is None
        assert b.clock.waiters == 0


async def test_a_shorter_task_does_not_wait_for_a_longer_ones_expiry(bench: Any) -> None:
    async with bench() as b:
        await b.start(forever, ttl=60_000)
        await anyio.wait_all_tasks_blocked()
        short = await b.start(forever, ttl=1000)
        await anyio.wait_all_tasks_blocked()
        assert b.clock.waiters == 1
        b.clock.advance(1)
        await anyio.wait_all_tasks_blocked()
        assert await b.store.get(short) is None


async def test_thousands_of_tasks_leave_nothing_behind(bench: Any) -> None:
    async def body(task: Any) -> Any:
        await task.update_status("on it")
        return "ok"

    async with bench() as b:
        for _ in range(20):
            ids = [await b.start(body, ttl=1000) for _ in range(100)]
            for task_id in ids:
                assert "result" in await b.engine.result(task_id, "me")
        b.link.notices.clear()
        b.clock.advance(2)
        await anyio.wait_all_tasks_blocked()
        assert b.store.records_held == 0
        assert not b.engine._runs.running
        assert not b.store._owned
        assert not b.store._finished
        assert b.store.bytes_held == 0
        assert len(b.store._due._heap) == 0
        assert b.clock.waiters == 0


async def test_the_end_of_the_server_ends_its_tasks(bench: Any) -> None:
    async with bench() as b:
        task_id = await b.start(forever)
        await b.until(task_id, "working")
        store = b.store
    record = await store.get(task_id)
    assert record is not None
    assert record.descriptor.status == "cancelled"
    assert str(CANCELLED).encode() in record.outcome


async def test_a_failing_notification_does_not_harm_the_task(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(task: Any) -> str:
        await task.update_status("going on")
        return "ok"

    async with bench() as b:
        b.link.broken = OSError("the socket is gone")
        assert await b.engine.result(await b.start(body), "me") == {"result": "ok"}
    assert "the socket is gone" in caplog.text
