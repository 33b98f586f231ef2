"""Tasks outlive the process that ran them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest
import sqlite_servers
from sqlite_servers import eventually, server

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
