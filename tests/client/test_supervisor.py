"""The background task group that belongs to no caller."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys

import anyio
import anyio.lowlevel
import pytest
from zcp_kernel._core.supervisor import Supervisor

pytestmark = pytest.mark.anyio


async def test_runs_work_spawned_from_several_tasks() -> None:
    supervisor = Supervisor()
    done: list[int] = []

    async def spawn(number: int) -> None:
        await supervisor.start()

        async def work() -> None:
            done.append(number)

        supervisor.spawn(work)

    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(spawn, number)
    await anyio.wait_all_tasks_blocked()
    assert sorted(done) == [0, 1, 2, 3, 4]
    await supervisor.aclose()


async def test_a_failing_child_is_logged_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    supervisor = Supervisor("kernel")
    await supervisor.start()

    async def fails() -> None:
        raise ValueError("broken")

    async def exits() -> None:
        raise SystemExit(3)

    async def fails_in_a_group() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(fails)

    for work in (fails, exits, fails_in_a_group):
        supervisor.spawn(work, name=work.__name__)
    await anyio.wait_all_tasks_blocked()
    assert supervisor.running
    logged = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert sorted(logged) == [
        f"background work {name!r} failed" for name in ("exits", "fails", "fails_in_a_group")
    ]
    await supervisor.aclose()


async def test_a_child_that_fails_while_cancelled_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    supervisor = Supervisor()
    await supervisor.start()

    async def fails_on_the_way_out() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise ValueError("while leaving")

    async def parent() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(fails_on_the_way_out)
            group.start_soon(anyio.sleep_forever)

    supervisor.spawn(parent, name="parent")
    await anyio.wait_all_tasks_blocked()
    await supervisor.aclose()
    assert [r.getMessage() for r in caplog.records] == ["background work 'parent' failed"]


async def test_close_waits_for_cleanup_and_is_idempotent() -> None:
    supervisor = Supervisor()
    await supervisor.start()
    left: list[str] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
                left.append("left")

    supervisor.spawn(work)
    await anyio.wait_all_tasks_blocked()
    async with anyio.create_task_group() as group:
        group.start_soon(supervisor.aclose)
        group.start_soon(supervisor.aclose)
    assert left == ["left"]
    await supervisor.aclose()
    with pytest.raises(RuntimeError, match="not running"):
        supervisor.spawn(work)
    with pytest.raises(RuntimeError, match="closed"):
        await supervisor.start()


async def test_close_from_another_task_than_the_one_that_started() -> None:
    supervisor = Supervisor()
    async with anyio.create_task_group() as group:
        group.start_soon(supervisor.start)
    supervisor.spawn(anyio.sleep_forever)
    async with anyio.create_task_group() as group:
        group.start_soon(supervisor.aclose)
    assert not supervisor.running


async def test_close_from_inside() -> None:
    supervisor = Supervisor()
    await supervisor.start()
    supervisor.spawn(supervisor.aclose)
    with anyio.fail_after(5):
        await supervisor.aclose()


async def test_closing_what_never_started() -> None:
    supervisor = Supervisor()
    with anyio.fail_after(5):
        await supervisor.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await supervisor.start()


async def test_start_is_cancelled_without_harm() -> None:
    supervisor = Supervisor()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await supervisor.start()
    with anyio.fail_after(5):
        await supervisor.start()
        await supervisor.aclose()


async def test_outlives_the_scope_it_was_started_in() -> None:
    supervisor = Supervisor()
    with anyio.CancelScope() as scope:
        await supervisor.start()
        scope.cancel()
    seen = anyio.Event()

    async def work() -> None:
        await anyio.lowlevel.checkpoint()
        seen.set()

    supervisor.spawn(work)
    with anyio.fail_after(5):
        await seen.wait()
    await supervisor.aclose()


ABANDONED = """
import gc, logging, sys, anyio
logging.basicConfig(level=logging.DEBUG)
logging.getLogger("asyncio").setLevel(logging.WARNING)
from zcp_kernel._core.supervisor import Supervisor

async def main():
    supervisor = Supervisor()
    await supervisor.start()
    async def work():
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
    supervisor.spawn(work)
    await anyio.wait_all_tasks_blocked()
    if sys.argv[2] == "interrupt":
        raise KeyboardInterrupt
    if sys.argv[2] == "unstarted":
        late = Supervisor()
        late._launched = True
        late._launch()

try:
    anyio.run(main, backend=sys.argv[1])
except KeyboardInterrupt:
    pass
gc.collect()
"""


@pytest.mark.parametrize("how", ["return", "interrupt", "unstarted"])
def test_an_abandoned_supervisor_ends_quietly(anyio_backend: str, how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ABANDONED, anyio_backend, how],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_loop_may_end_without_a_close(anyio_backend: str) -> None:
    kept: list[Supervisor] = []

    async def main() -> None:
        supervisor = Supervisor()
        kept.append(supervisor)
        await supervisor.start()
        supervisor.spawn(anyio.sleep_forever)

    anyio.run(main, backend=anyio_backend)
    assert not kept[0].running
    anyio.run(kept[0].aclose, backend=anyio_backend)
    gc.collect()
