"""The verbs of `zcp tasks`, and which of them go with a server and which with a store."""

from __future__ import annotations

import click

from ..options import Options, TargetCommand, shared_options
from ..stores import (
    StoreTarget,
    limit_option,
    place_argument,
    store_argument,
    store_options,
)
from ..targets import Target
from ..verbs import VerbGroup
from . import server, stored

Place = StoreTarget | Target

id_argument = click.argument("task_id", metavar="ID")


@click.group(
    "tasks",
    cls=VerbGroup,
    short_help="Create, follow and cancel tasks; look into a store of them.",
)
def tasks_command() -> None:
    """Work with the tasks of a server, or of a SQLite store, whoever owns them there.

    TARGET is a server, or a store: its file or sqlite:///FILE. Servers that use the store may be
    running. `create` and `result` go with a server; `retry` and `prune` with a store, FILE.

    A server that ends with the command takes the tasks it keeps in memory with it: `create` then
    has to wait.
    """


@tasks_command.command("create", cls=TargetCommand)
@place_argument
@click.argument("kind")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--args", "document", metavar="JSON|@FILE", help="The input as a JSON object.")
@click.option("--wait/--no-wait", default=True, help="Follow the task to its result.")
@shared_options
@click.pass_context
def create_task(
    context: click.Context,
    target: Place,
    kind: str,
    pairs: tuple[str, ...],
    document: str | None,
    wait: bool,
    options: Options,
) -> None:
    """Create a task of KIND, and follow it."""
    at = _server(target)
    if wait:
        server.run(context, at, options, server.follow_new(kind, pairs, document, options.timeout))
    else:
        server.run(context, at, options, server.create(kind, pairs, document), bounded=True)


@tasks_command.command("list", cls=TargetCommand)
@place_argument
@click.option("--status", help="Only those of this status.")
@limit_option
@shared_options
@click.pass_context
def list_tasks(
    context: click.Context, target: Place, status: str | None, limit: int, options: Options
) -> None:
    """List tasks; those of a store the newest first."""
    if isinstance(target, StoreTarget):
        stored.show_list(target, limit, status, options.json)
    else:
        server.run(context, target, options, server.show_list(limit, status), bounded=True)


@tasks_command.command("show", cls=TargetCommand)
@place_argument
@id_argument
@shared_options
@click.pass_context
def show_task(context: click.Context, target: Place, task_id: str, options: Options) -> None:
    """Show a task; of a store, with its input and outcome, as JSON.

    What is sealed there needs the server's ZCP_STORE__KEY in the environment.
    """
    if isinstance(target, StoreTarget):
        stored.show(target, task_id, options.json)
    else:
        server.run(context, target, options, server.show(task_id), bounded=True)


tasks_command.add_command(show_task, "get")


@tasks_command.command("result", cls=TargetCommand)
@place_argument
@id_argument
@shared_options
@click.pass_context
def show_result(context: click.Context, target: Place, task_id: str, options: Options) -> None:
    """Wait for a task's result."""
    server.run(context, _server(target), options, server.result(task_id, options.timeout))


@tasks_command.command("cancel", cls=TargetCommand)
@place_argument
@id_argument
@shared_options
@click.pass_context
def cancel_task(context: click.Context, target: Place, task_id: str, options: Options) -> None:
    """End a task."""
    if isinstance(target, StoreTarget):
        stored.cancel(target, task_id, options.json)
    else:
        server.run(context, target, options, server.cancel(task_id), bounded=True)


@tasks_command.command("retry")
@store_argument
@id_argument
@store_options
def retry_task(store: StoreTarget, task_id: str, as_json: bool) -> None:
    """Let a task that failed or was cancelled run again, by whichever server has room for it."""
    stored.retry(store, task_id, as_json)


@tasks_command.command("prune")
@store_argument
@click.option(
    "--days", type=click.FloatRange(min=0), default=7.0, show_default=True,
    help="Those that ended so long ago.",
)  # fmt: skip
@store_options
def prune_tasks(store: StoreTarget, days: float, as_json: bool) -> None:
    """Remove tasks that ended long ago."""
    stored.prune(store, days, as_json)


def _server(target: Place) -> Target:
    if isinstance(target, StoreTarget):
        raise click.UsageError(
            f"{target} is a store: create and result go with a server; show has a stored outcome"
        )
    return target
