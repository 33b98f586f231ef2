"""What `zcp tasks` does at a server. Each action returns whether what it was after went well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import click

from ..arguments import read_arguments
from ..attending import status_line
from ..connecting import Visit, visit
from ..exits import FAILED
from ..following import follow
from ..options import Options
from ..results import show_result
from ..targets import Target

Action = Callable[[Visit], Awaitable[bool]]

COLUMNS = ("task", "kind", "status", "updated", "message")


def run(
    context: click.Context,
    target: Target,
    options: Options,
    action: Action,
    *,
    bounded: bool = False,
) -> None:
    """Run `action` at the server, no longer than `options` allow if `bounded`; an action that waits
    minds the time itself."""
    outcome: list[bool] = []

    async def act(visited: Visit) -> None:
        outcome.append(await action(visited))

    visit(target, options, act, bounded=bounded)
    if not all(outcome):
        context.exit(FAILED)


def create(kind: str, pairs: tuple[str, ...], document: str | None) -> Action:
    """Create a task and leave it."""

    async def act(visited: Visit) -> bool:
        return _show(visited, await _created(visited, kind, pairs, document))

    return act


def follow_new(
    kind: str, pairs: tuple[str, ...], document: str | None, timeout: float | None
) -> Action:
    """Create a task and follow it to its result."""

    async def act(visited: Visit) -> bool:
        task = await _created(visited, kind, pairs, document)
        return await show_result(visited, await follow(visited, task, timeout))

    return act


async def _created(
    visited: Visit, kind: str, pairs: tuple[str, ...], document: str | None
) -> dict[str, Any]:
    given = read_arguments(pairs, document, None)
    task: dict[str, Any] = (await visited.client.create_task(kind, given))["task"]
    return task


def show_list(limit: int, status: str | None) -> Action:
    """In the order of the server."""

    async def act(visited: Visit) -> bool:
        answer = await visited.client.list_tasks()
        wanted = [task for task in answer["tasks"] if status in (None, task["status"])][:limit]
        if visited.screen.json:
            visited.screen.document({**answer, "tasks": wanted})
        else:
            visited.screen.table(COLUMNS, [_row(task) for task in wanted])
        return True

    return act


def show(task_id: str) -> Action:
    """How a task stands."""

    async def act(visited: Visit) -> bool:
        return _show(visited, (await visited.client.get_task(task_id))["task"])

    return act


def result(task_id: str, timeout: float | None) -> Action:
    """Wait for the end of a task."""

    async def act(visited: Visit) -> bool:
        found = await visited.client.get_task_result(task_id, timeout=timeout)
        return await show_result(visited, found)

    return act


def cancel(task_id: str) -> Action:
    """End a task."""

    async def act(visited: Visit) -> bool:
        return _show(visited, (await visited.client.cancel_task(task_id))["task"])

    return act


def _row(task: dict[str, Any]) -> list[str]:
    shown = ("taskId", "kind", "status", "lastUpdatedAt", "statusMessage")
    return [task.get(name) or "" for name in shown]


def _show(visited: Visit, task: dict[str, Any]) -> bool:
    if visited.screen.json:
        visited.screen.document({"task": task})
    else:
        visited.screen.text(status_line(task))
    return True
