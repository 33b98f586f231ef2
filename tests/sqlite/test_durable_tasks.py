"""Tasks outlive the process that ran them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlite_servers
from sqlite_servers import eventually, server
from zcp_store_sqlite import StoreError

pytestmark = pytest.mark.anyio


def killed(path: Path, *kinds: str) -> list[str]:
    """Ids of tasks of these kinds, begun by a process that is no more."""
    command = [
        sys.executable,
        str(sqlite_servers.__file__),
        str(path),
        *kinds,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        return process.stdout.readline().split()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "zcp.db"


async def test_what_may_run_again_does_and_what_may_not_fails(path: Path) -> None:
    patient, fragile = await anyio.to_thread.run_sync(killed, path, "patient", "fragile")
    async with server(path) as here:
        here.bodies.gate.set()
        assert await here.result(patient) == {"result": {"attempt": 2, "given": None}}
        outcome = await here.result(fragile)
        assert outcome["error"]["message"].startswith(f"interrupted:{fragile}")
        assert (await here.get(fragile)).status == "failed"
        assert here.bodies.started == [(patient, 2)]


async def test_a_step_done_once_is_not_done_again(path: Path) -> None:
    (task_id,) = await anyio.to_thread.run_sync(killed, path, "charging")
    async with server(path) as here:
        here.bodies.gate.set()
        outcome = await here.result(task_id)
        assert "not done again" in outcome["result"]["refused"]
        assert here.bodies.charged == []


async def test_a_server_that_stops_hands_its_tasks_on(path: Path) -> None:
    async with server(path) as other:
        async with server(path) as one:
            ids = [await one.start("patient", given=number) for number in range(5)]
            for task_id in ids:
                await one.until(task_id, "working")
        other.bodies.gate.set()
        results = [await other.result(task_id) for task_id in ids]
    assert results == [{"result": {"attempt": 2, "given": n}} for n in range(5)]
    assert sorted(other.bodies.started) == sorted((task_id, 2) for task_id in ids)


async def test_results_are_there_for_the_next_process(path: Path) -> None:
    async with server(path) as one:
        one.bodies.gate.set()
        task_id = await one.start("patient", given="x")
        await one.result(task_id)
    async with server(path) as next_one:
        assert await next_one.result(task_id) == {"result": {"attempt": 1, "given": "x"}}
        assert next_one.bodies.started == []


async def test_whoever_has_room_runs_what_waits(path: Path) -> None:
    async with server(path) as one, server(path) as other:
        ids = [await one.start("narrow", given=number) for number in range(2)]

        async def both_run() -> bool:
            return bool(one.bodies.started and other.bodies.started)

        await eventually(both_run)
        waiting = await one.start("narrow", given=2)
        await anyio.sleep(0.1)
        assert (await one.get(waiting)).status == "queued"
        one.bodies.gate.set()
        other.bodies.gate.set()
        for number, task_id in enumerate([*ids, waiting]):
            assert await one.result(task_id) == {"result": {"attempt": 1, "given": number}}
        started = [*one.bodies.started, *other.bodies.started]
        assert sorted(started) == sorted((task_id, 1) for task_id in [*ids, waiting])


async def test_answers_and_cancels_reach_the_process_that_runs_it(path: Path) -> None:
    async with server(path) as one, server(path) as other:
        asked = await one.start("asking")
        (key,) = (await other.until(asked, "input_required")).input_requests or {}
        await other.kernel.tasks.answer(asked, "me", key, {"action": "accept", "content": {}})
        assert await other.result(asked) == {"result": {"action": "accept"}}

        long = await one.start("patient")
        await one.until(long, "working")
        await other.kernel.tasks.cancel(long, "me")

        async def given_up() -> bool:
            return long not in one.kernel.tasks._runs.running

        await eventually(given_up)
        assert (await one.get(long)).status == "cancelled"


async def test_a_blocked_event_loop_keeps_its_tasks(path: Path) -> None:
    async with server(path) as one:
        task_id = await one.start("patient")
        await one.until(task_id, "working")
        block = "import time; time.sleep(1.2)"
        subprocess.run([sys.executable, "-c", block], check=True)  # noqa: ASYNC221 - it shall block
        async with server(path) as other:
            await anyio.sleep(0.2)
            assert other.bodies.started == []
            one.bodies.gate.set()
            assert await one.result(task_id) == {"result": {"attempt": 1, "given": None}}


def taken_away(path: Path, until: float) -> None:
    """Another process, which is gone or lives, takes every task: the one it was of was silent."""
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE tasks SET holder = 'another', held_until = ?, version = version + 1", (until,)
        )


def before_its_start(
    monkeypatch: pytest.MonkeyPatch, here: sqlite_servers.Server, act: Callable[[], Awaitable[Any]]
) -> None:
    """Do something as the start of a task is about to be stored."""
    store: Any = here.kernel.tasks.store
    update = store.update

    async def changed(record: Any) -> Any:
        await act()
        return await update(record)

    monkeypatch.setattr(store, "update", changed)


async def test_what_another_process_took_before_its_start_is_not_begun(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = anyio.Event()
    async with server(path) as here:

        async def lose() -> None:
            if not looked.is_set():
                taken_away(path, float("inf"))
                looked.set()

        before_its_start(monkeypatch, here, lose)
        task_id = await here.start("fragile")
        with anyio.fail_after(20):
            await looked.wait()

        async def let_go() -> bool:
            return task_id not in here.kernel.tasks._runs.running

        await eventually(let_go)
        assert here.bodies.started == [], "it runs there, or will"


async def test_nothing_begins_before_that_it_has_begun_is_stored(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcp_kernel._core.tasks.runs.AGAIN_SECONDS", 0.01)
    begun: list[int] = []
    async with server(path) as here:
        here.bodies.gate.set()

        async def fail() -> None:
            begun.append(len(here.bodies.started))
            if len(begun) < 4:
                raise StoreError("the disk is full, on purpose")

        before_its_start(monkeypatch, here, fail)
        task_id = await here.start("fragile")
        assert "result" in await here.result(task_id)
        assert begun[:4] == [0, 0, 0, 0]
        assert here.bodies.started == [(task_id, 1)]


async def test_who_was_silent_goes_on_with_what_nobody_took(path: Path) -> None:
    async with server(path) as here:
        task_id = await here.start("patient")
        await here.until(task_id, "working")
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE tasks SET held_until = 0")
        other = await here.start("fragile")
        await here.until(other, "working")
        here.kernel.tasks._sharing._leases.look()
        await anyio.sleep(sqlite_servers.LEASE_SECONDS)
        here.bodies.gate.set()
        assert (await here.result(task_id))["result"]["attempt"] == 1
        assert here.bodies.started == [(task_id, 1), (other, 1)]


async def test_who_waits_for_a_task_that_goes_on_elsewhere_gets_its_result(path: Path) -> None:
    async with server(path) as here, server(path) as there, anyio.create_task_group() as group:
        task_id = await here.start("patient", given="tea")
        await here.until(task_id, "working")
        results: list[Any] = []

        async def wait() -> None:
            results.append(await here.result(task_id))

        group.start_soon(wait)
        there.bodies.gate.set()

        async def is_taken() -> bool:
            with sqlite3.connect(path) as connection:
                connection.execute("UPDATE tasks SET held_until = 0 WHERE attempt = 1")
            return bool(there.bodies.started)

        await eventually(is_taken)

        async def is_told() -> bool:
            return bool(results)

        await eventually(is_told)
        assert results == [{"result": {"attempt": 2, "given": "tea"}}]
        assert here.bodies.ended == [(task_id, 1)], "it must not go on here"


async def test_what_was_lost_and_comes_back_runs_once(path: Path) -> None:
    async with server(path) as here:
        task_id = await here.start("patient")
        await here.until(task_id, "working")
        taken_away(path, 0.0)

        async def is_back() -> bool:
            return here.bodies.started == [(task_id, 1), (task_id, 2)]

        await eventually(is_back)

        async def has_stopped() -> bool:
            return here.bodies.ended == [(task_id, 1)]

        await eventually(has_stopped)
        here.bodies.gate.set()
        assert (await here.result(task_id))["result"]["attempt"] == 2
