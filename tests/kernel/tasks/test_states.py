"""The state machine, driven at random, and engines that share a store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup
from hypothesis import given, settings
from hypothesis import strategies as st
from zcp_kernel._core.configuration.sections import TasksSection
from zcp_kernel._core.tasks.states import TRANSITIONS
from zcp_kernel.contracts import TaskRecord
from zcp_kernel.errors import InvalidParams, InvalidRequest, NotFound
from zcp_kernel.model import TERMINAL, TaskDescriptor
from zcp_kernel.tasks import MemoryTaskStore, TaskEngine

STEPS = st.sampled_from(
    ["working", "input_required", "update", "ask", "answer", "cancel", "return", "raise"]
)


class Script:
    """A body that does what it is told, step by step, and checks nothing itself."""

    def __init__(self) -> None:
        self.send, self.receive = anyio.create_memory_object_stream[str](100)

    async def __call__(self, task: Any) -> str:
        async with anyio.create_task_group() as group, self.receive:
            async for step in self.receive:
                if step in ("working", "input_required"):
                    task.set_status(step, step)
                elif step == "update":
                    await task.update_status("updated")
                elif step == "ask":
                    group.start_soon(task.elicit, "Well?")
                elif step == "raise":
                    raise ValueError("told to")
                elif step == "return":
                    group.cancel_scope.cancel()
        return "done"


class History:
    """Every status ever announced, checked against the table as it comes."""

    def __init__(self) -> None:
        self.seen: list[TaskDescriptor] = []

    def notify(self, descriptor: TaskDescriptor) -> None:
        before = self.seen[-1].status if self.seen else "queued"
        assert descriptor.status == before or descriptor.status in TRANSITIONS[before]
        assert descriptor.status == "input_required" or not descriptor.input_requests
        if self.seen:
            assert descriptor != self.seen[-1]
            assert descriptor.last_updated_at >= self.seen[-1].last_updated_at
        self.seen.append(descriptor)

    def can_ask(self, operation: str) -> bool:
        return False

    async def ask(self, operation: str, params: Any) -> Any:
        raise AssertionError("nobody can be asked")


def start(group: TaskGroup, work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await work()

    group.start_soon(run)


async def rest() -> None:
    """Let everything that can go on go on; waiting until all is blocked would take a tenth of a
    second each time."""
    for _ in range(60):
        await anyio.lowlevel.checkpoint()


async def drive(steps: list[str]) -> None:
    script, history, store = Script(), History(), MemoryTaskStore()
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            engine = TaskEngine(store, TasksSection(), lambda work: start(group, work))
            created = await engine.create(
                "k", None, owner="me", options=None, body=script, link=history
            )
            answered: set[str] = set()
            for step in steps:
                await one_step(engine, created.task_id, step, script, answered)
                await rest()
                await check_agreement(engine, store, created.task_id, history)
            script.send.close()
            await rest()
            script.receive.close()
            group.cancel_scope.cancel()


async def one_step(
    engine: TaskEngine, task_id: str, step: str, script: Script, answered: set[str]
) -> None:
    if step == "cancel":
        before = (await engine.get(task_id, "me")).status
        try:
            assert (await engine.cancel(task_id, "me")).status == "cancelled"
        except InvalidParams:
            assert before in TERMINAL
    elif step == "answer":
        for key in (await engine.get(task_id, "me")).input_requests or ():
            assert key not in answered
            answered.add(key)
            await engine.answer(task_id, "me", key, "accept")
    else:
        try:
            script.send.send_nowait(step)
        except anyio.BrokenResourceError:
            assert (await engine.get(task_id, "me")).status in TERMINAL


async def check_agreement(
    engine: TaskEngine, store: MemoryTaskStore, task_id: str, history: History
) -> None:
    """What is announced, read and stored is the same once everything is at rest."""
    current = await engine.get(task_id, "me")
    stored = await store.get(task_id)
    assert stored is not None
    assert stored.descriptor == current == history.seen[-1]
    assert (stored.outcome is not None) == (current.status in TERMINAL)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@given(st.lists(STEPS, max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_history_keeps_to_the_table(backend: str, steps: list[str]) -> None:
    anyio.run(drive, steps, backend=backend)


def test_the_table_has_no_way_out_of_an_end() -> None:
    assert {status for status, after in TRANSITIONS.items() if not after} == TERMINAL


@pytest.mark.anyio
async def test_engines_that_share_a_store_share_tasks(bench: Any) -> None:
    unwound = anyio.Event()

    async def body(task: Any) -> None:
        try:
            for number in count():
                await task.update_status(f"round {number}")
                await anyio.sleep(0.001)
        finally:
            unwound.set()

    async def question(task: Any) -> Any:
        return (await task.elicit("Well?")).action

    store = MemoryTaskStore()
    fast = TasksSection(poll_interval_ms=5)
    async with bench(fast, store) as one, bench(fast, store) as two:
        quick = await one.start(question)
        await one.until(quick, "input_required")
        await anyio.sleep(0.01)
        task = await two.engine.get(quick, "me")
        (key,) = task.input_requests
        with pytest.raises(InvalidRequest, match="process that runs this task"):
            await two.engine.answer(quick, "me", key, True)
        await one.engine.answer(quick, "me", key, True)
        assert await two.engine.result(quick, "me") == {"result": "accept"}

        long = await one.start(body)
        await one.until(long, "working")
        assert (await two.engine.cancel(long, "me")).status == "cancelled"
        await unwound.wait()
        assert (await one.engine.get(long, "me")).status == "cancelled"
        assert (await one.engine.result(long, "me"))["error"]["code"] == 499
        assert one.link.statuses[-1] == "cancelled"
        assert two.link.statuses == []


@pytest.mark.anyio
async def test_a_task_removed_behind_our_back_is_given_up(bench: Any) -> None:
    unwound = anyio.Event()

    async def body(task: Any) -> None:
        try:
            while True:
                await task.update_status("a")
                await task.update_status("b")
        finally:
            unwound.set()

    async with bench() as b:
        task_id = await b.start(body)
        await b.until(task_id, "working")
        await b.store.delete(task_id)
        await unwound.wait()
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(NotFound):
            await b.engine.get(task_id, "me")


class FlakyStore(MemoryTaskStore):
    """Fails its first few updates, as a disk may."""

    failures = 3

    async def update(self, record: TaskRecord) -> TaskRecord | None:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        return await super().update(record)


@pytest.mark.anyio
async def test_a_store_that_fails_for_a_while_is_caught_up_with(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(task: Any) -> str:
        for number in range(5):
            await task.update_status(str(number))
        return "ok"

    store = FlakyStore()
    async with bench(store=store) as b:
        task_id = await b.start(body)
        assert await b.engine.result(task_id, "me") == {"result": "ok"}
        stored = await store.get(task_id)
        assert stored is not None
        assert (stored.descriptor.status, stored.outcome) == ("completed", b'{"result":"ok"}')
    assert "disk full" in caplog.text
