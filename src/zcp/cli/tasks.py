"""`zcp tasks`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import click
from attrs import frozen

from .arguments import read_arguments
from .attending import status_line
from .connecting import Visit, visit
from .exits import FAILED
from .following import follow
from .options import Options, TargetCommand, shared_options, target_argument
from .results import show_result
from .targets import Target


@frozen
class Wish:
    """What is asked of the tasks of a server. `subject` is a kind or a task's id."""

    subject: str
    pairs: tuple[str, ...]
    document: str | None
    wait: bool
    timeout: float | None


@click.command("tasks", cls=TargetCommand, short_help="Create, follow and cancel tasks.")
@target_argument
@click.argument("action", type=click.Choice(["create", "list", "get", "result", "cancel"]))
@click.argument("subject", required=False, metavar="[KIND|ID]")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--args", "document", metavar="JSON|@FILE", help="The input as a JSON object.")
@click.option("--wait/--no-wait", default=True, help="create: follow the task to its result.")
@shared_options
@click.pass_context
def tasks_command(
    context: click.Context,
    target: Target,
    action: str,
    subject: str | None,
    pairs: tuple[str, ...],
    document: str | None,
    wait: bool,
    options: Options,
) -> None:
    """Work with tasks of TARGET: create KIND [KEY=VALUE]..., list, get ID, result ID, cancel ID.

    A server that ends with this command takes the tasks it keeps in memory with it: `create` then
    has to wait. `get`, `result` and `cancel` are for servers with a durable task store.
    """
    _check(action, subject, pairs, document)
    wish = Wish(subject or "", pairs, document, wait, options.timeout)
    outcome: list[bool] = []

    async def run(visited: Visit) -> None:
        outcome.append(await _ACTIONS[action](visited, wish))

    visit(target, options, run, bounded=action not in ("create", "result"))
    if not all(outcome):
        context.exit(FAILED)


def _check(action: str, subject: str | None, pairs: tuple[str, ...], document: str | None) -> None:
    if action == "list":
        if subject is not None:
            raise click.UsageError("list takes nothing more")
    elif subject is None:
        raise click.UsageError(f"{action} needs {'a KIND' if action == 'create' else 'an ID'}")
    if action != "create" and (pairs or document is not None):
        raise click.UsageError(f"{action} takes no input")


async def _create(visited: Visit, wish: Wish) -> bool:
    given = read_arguments(wish.pairs, wish.document, None)
    task = (await visited.client.create_task(wish.subject, given))["task"]
    if wish.wait:
        return await show_result(visited, await follow(visited, task, wish.timeout))
    return _show_task(visited, task)


async def _list(visited: Visit, _: Wish) -> bool:
    answer = await visited.client.list_tasks()
    if visited.screen.json:
        visited.screen.document(answer)
        return True
    visited.screen.table(
        ("task", "kind", "status", "updated", "message"),
        [
            (
                task["taskId"],
                task.get("kind") or "",
                task["status"],
                task["lastUpdatedAt"],
                task.get("statusMessage") or "",
            )
            for task in answer["tasks"]
        ],
    )
    return True


async def _get(visited: Visit, wish: Wish) -> bool:
    return _show_task(visited, (await visited.client.get_task(wish.subject))["task"])


async def _result(visited: Visit, wish: Wish) -> bool:
    result = await visited.client.get_task_result(wish.subject, timeout=wish.timeout)
    return await show_result(visited, result)


async def _cancel(visited: Visit, wish: Wish) -> bool:
    return _show_task(visited, (await visited.client.cancel_task(wish.subject))["task"])


_ACTIONS: dict[str, Callable[[Visit, Wish], Awaitable[bool]]] = {
    "create": _create,
    "list": _list,
    "get": _get,
    "result": _result,
    "cancel": _cancel,
}


def _show_task(visited: Visit, task: dict[str, Any]) -> bool:
    if visited.screen.json:
        visited.screen.document({"task": task})
    else:
        visited.screen.text(status_line(task))
    return True
