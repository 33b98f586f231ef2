"""Following a task to its end."""

from __future__ import annotations

from typing import Any

import anyio
from zcp_kernel.errors import DeadlineExceeded

from .connecting import Visit


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
    visited.attendant.on_status(task)
    try:
        with anyio.fail_after(timeout):
            async for state in visited.client.task(task_id):
                visited.attendant.on_status(state)
            return await visited.client.get_task_result(task_id)
    except TimeoutError:
        await cancel()
        raise DeadlineExceeded(f"{task_id}: not finished within {timeout:g} s") from None
    finally:
        visited.interrupts.also.remove(cancel)
