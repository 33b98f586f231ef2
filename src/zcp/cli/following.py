"""Following a task to its end."""

from __future__ import annotations

from typing import Any

import anyio
from zcp_kernel.errors import DeadlineExceeded
from zcp_kernel.model import TERMINAL

from .connecting import Visit

POLL_SECONDS = 0.5
"""How often a task is looked at when the server names no interval."""


async def follow(visited: Visit, task: dict[str, Any], timeout: float | None = None) -> Any:
    """Show every change of a task's status on standard error, and return its result.

    Raises what the task ended with, and `DeadlineExceeded` after `timeout` seconds; the task is
    cancelled then, and at Ctrl-C.
    """
    task_id = task["taskId"]

    async def cancel() -> None:
        await visited.client.cancel_task(task_id)

    visited.interrupts.also.append(cancel)
    visited.attendant.followed.add(task_id)
    try:
        with anyio.fail_after(timeout):
            await _watch(visited, task)
            return await visited.client.get_task_result(task_id)
    except TimeoutError:
        await cancel()
        raise DeadlineExceeded(f"{task_id}: not finished within {timeout:g} s") from None
    finally:
        visited.interrupts.also.remove(cancel)


async def _watch(visited: Visit, task: dict[str, Any]) -> None:
    while True:
        visited.attendant.on_status(task)
        if task["status"] in TERMINAL:
            return
        interval = task.get("pollInterval")
        await anyio.sleep(POLL_SECONDS if interval is None else interval / 1000)
        task = (await visited.client.get_task(task["taskId"]))["task"]
