"""A task is created, followed to its end, and cancelled."""

from __future__ import annotations

from typing import Any

import anyio
from zcp_kernel.errors import RemoteError
from zcp_kernel.model import TERMINAL

from ...jsonvalues import members
from ..bench import Bench, Call
from ..outcome import Check, Failed, NotApplicable

UNKNOWN_TASK = "zcp-check-no-such-task"
STATUSES = {"queued", "working", "input_required", "completed", "failed", "cancelled"}
POLL_SECONDS, POLLS = 0.5, 40
EXTENSION = "io.modelcontextprotocol/tasks"


async def create(bench: Bench) -> str:
    """A call that may run as a task is answered by a task, which then is found by its id."""
    task = await _created(bench, call := _call(bench))
    found = await _task(bench, task["taskId"])
    if found["taskId"] != task["taskId"]:
        raise Failed(f"asked for the task {task['taskId']}, got {found['taskId']}")
    return f"{call.name} became the task {task['taskId']}"


async def poll(bench: Bench) -> str:
    """A task comes to an end, stays there, and then has a result; an unknown one is refused."""
    await _unknown(bench)
    task = await _created(bench, call := _call(bench))
    task = await _followed(bench, task)
    if task["status"] == "input_required":
        raise NotApplicable(f"{call.name} asks for something, which nobody here can answer")
    if task["status"] == "completed":
        await bench.client.get_task_result(task["taskId"])
        again = await _task(bench, task["taskId"])
        if again["status"] != "completed":
            raise Failed(f"a task that was completed is {again['status']} now")
    elif call.named:
        raise Failed(f"{call.name} ended {task['status']}: {task.get('statusMessage') or 'why?'}")
    return f"{call.name} ended {task['status']}"


async def cancel(bench: Bench) -> str:
    """A cancelled task ends cancelled, unless it had ended before."""
    task = await _created(bench, call := _call(bench))
    try:
        await bench.client.cancel_task(task["taskId"])
    except RemoteError as error:
        ended = await _task(bench, task["taskId"])
        if ended["status"] in TERMINAL:
            return f"{call.name} had ended {ended['status']} before it could be cancelled"
        raise Failed(f"a running task cannot be cancelled: {error.message}") from None
    task = await _followed(bench, task)
    if task["status"] not in ("cancelled", "completed", "failed"):
        raise Failed(f"a task that was cancelled is {task['status']}")
    return f"{call.name} ended {task['status']}"


def _call(bench: Bench) -> Call:
    if EXTENSION not in members(bench.capabilities.get("extensions")):
        bench.need("tasks")
    for call in bench.calls():
        if call.runs_as_task:
            return call
    raise NotApplicable(
        "no tool that says it only reads runs as a task: --call NAME=ARGS names one"
    )


async def _created(bench: Bench, call: Call) -> dict[str, Any]:
    answer = await bench.client.call_tool(call.name, call.arguments, task=True)
    task = members(answer.get("task"))
    if not isinstance(task.get("taskId"), str) or not task["taskId"]:
        raise Failed(f"{call.name} was to run as a task, but no task was answered")
    return _sound(task)


async def _task(bench: Bench, task_id: str) -> dict[str, Any]:
    return _sound(members((await bench.client.get_task(task_id)).get("task")))


def _sound(task: dict[str, Any]) -> dict[str, Any]:
    if task.get("status") not in STATUSES:
        raise Failed(f"a task is {task.get('status')!r}, which is no status")
    return task


async def _followed(bench: Bench, task: dict[str, Any]) -> dict[str, Any]:
    for _ in range(POLLS):
        if task["status"] in TERMINAL or task["status"] == "input_required":
            return task
        interval = task.get("pollInterval")
        await anyio.sleep(POLL_SECONDS if interval is None else min(interval / 1000, POLL_SECONDS))
        task = await _task(bench, task["taskId"])
    raise Failed(f"a task is still {task['status']} after {POLLS} looks at it")


async def _unknown(bench: Bench) -> None:
    _call(bench)
    try:
        await bench.client.get_task(UNKNOWN_TASK)
    except RemoteError:
        return
    raise Failed("a task that does not exist was found")


TASK_CREATE = Check("task create", create)
TASK_POLL = Check("task poll", poll)
TASK_CANCEL = Check("task cancel", cancel)
