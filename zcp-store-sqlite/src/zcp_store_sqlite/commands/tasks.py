"""`zcp store tasks`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from attrs import evolve
from zcp_kernel.contracts import TaskRecord
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.model import TERMINAL

from ..database import Database
from ..tasks import SQLiteTaskStore
from .group import file_argument, json_option, key_of, show, with_database

COLUMNS = ("id", "kind", "status", "attempt", "holder", "created", "updated", "owner")
PAGE = 200
MOST_TRIES = 100
"""How often a change is tried again that the running server was faster than."""


@click.group(short_help="List, show, cancel, retry and prune tasks.")
def tasks() -> None:
    """The tasks in a file, whoever owns them."""


@tasks.command("list")
@file_argument
@click.option("--status", help="Only those of this status.")
@click.option("--limit", default=PAGE, show_default=True, help="The newest so many.")
@json_option
def list_tasks(file: Path, status: str | None, limit: int, as_json: bool) -> None:
    """The newest first."""

    async def work(database: Database) -> list[dict[str, Any]]:
        found = await SQLiteTaskStore(database, key_of()).newest(limit, status)
        return [_row(record) for record in found]

    show(with_database(file, work), COLUMNS, as_json)


@tasks.command("show")
@file_argument
@click.argument("task_id", metavar="ID")
def show_task(file: Path, task_id: str) -> None:
    """Everything of one task, its input and its outcome included, as JSON. What is sealed needs the
    server's ZCP_STORE__KEY in the environment."""

    async def work(database: Database) -> dict[str, Any]:
        record = await _known(SQLiteTaskStore(database, key_of()), task_id)
        more = {"input": loads(record.input), "caller": loads(record.caller)}
        ended: dict[str, Any] = {} if record.outcome is None else loads(record.outcome)
        return {**_row(record), **more, "expires_at": record.expires_at, **ended}

    click.echo(json.dumps(with_database(file, work), indent=2))


@tasks.command("cancel")
@file_argument
@click.argument("task_id", metavar="ID")
def cancel_task(file: Path, task_id: str) -> None:
    """End a task; the process that runs it stops at its next change."""

    async def work(database: Database) -> None:
        store = SQLiteTaskStore(database, key_of())
        for _ in range(MOST_TRIES):
            record = await _known(store, task_id)
            if record.descriptor.status in TERMINAL:
                raise click.ClickException(
                    f"{task_id} has ended already: {record.descriptor.status}"
                )
            if await store.update(_cancelled(record)) is not None:
                return
        raise click.ClickException(f"{task_id} changed {MOST_TRIES} times meanwhile; try again")

    with_database(file, work)
    click.echo(f"{task_id} cancelled")


@tasks.command("retry")
@file_argument
@click.argument("task_id", metavar="ID")
def retry_task(file: Path, task_id: str) -> None:
    """Let a task that failed or was cancelled run again, by whichever server has room for it."""

    async def work(database: Database) -> None:
        store = SQLiteTaskStore(database, key_of())
        record = await _known(store, task_id)
        if record.descriptor.status not in ("failed", "cancelled"):
            raise click.ClickException(
                f"{task_id} is {record.descriptor.status}; only what failed or was cancelled can "
                "run again"
            )
        queued = evolve(record.descriptor, status="queued", status_message="to be run again")
        await store.requeue(evolve(record, descriptor=queued, outcome=None))

    with_database(file, work)
    click.echo(f"{task_id} waits to be run again")


@tasks.command("prune")
@file_argument
@click.option("--days", default=7.0, show_default=True, help="Those that ended before.")
def prune_tasks(file: Path, days: float) -> None:
    """Remove tasks that ended long ago."""

    async def work(database: Database) -> int:
        return await SQLiteTaskStore(database, key_of()).prune(days * 86_400)

    click.echo(f"{with_database(file, work)} tasks removed")


async def _known(store: SQLiteTaskStore, task_id: str) -> TaskRecord:
    record = await store.get(task_id)
    if record is None:
        raise click.ClickException(f"there is no task {task_id}")
    return record


def _cancelled(record: TaskRecord) -> TaskRecord:
    ended = evolve(
        record.descriptor,
        status="cancelled",
        status_message="cancelled by an operator",
        input_requests=None,
    )
    outcome = dumps({"error": {"code": 499, "message": f"cancelled:{ended.task_id}"}})
    return evolve(record, descriptor=ended, outcome=outcome)


def _row(record: TaskRecord) -> dict[str, Any]:
    task = record.descriptor
    return {
        "id": task.task_id,
        "kind": task.kind,
        "status": task.status,
        "attempt": record.attempt,
        "holder": record.holder,
        "created": task.created_at,
        "updated": task.last_updated_at,
        "owner": record.owner,
        "message": task.status_message,
    }
