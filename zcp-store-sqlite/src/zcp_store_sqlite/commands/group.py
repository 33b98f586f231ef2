"""The command group, and what all its commands need."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import anyio
import click

from ..database import Database, StoreError
from ..sealing import Clear, sealing

T = TypeVar("T")

file_argument = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")


def key_of(environ: Mapping[str, str] = os.environ) -> Clear:
    """What opens sealed tasks: the key of a server, from its environment."""
    former = environ.get("ZCP_STORE__FORMER_KEYS", "")
    return sealing(environ.get("ZCP_STORE__KEY"), [key for key in former.split(",") if key])


def with_database(file: Path, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on the file of a server that may be running."""

    async def run() -> T:
        database = Database(file)
        try:
            return await work(database)
        finally:
            database.close()

    try:
        return anyio.run(run)
    except StoreError as error:
        raise click.ClickException(error.message) from None


def show(rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    """One line a row, its columns apart by two spaces."""
    if as_json:
        click.echo(json.dumps(rows))
        return
    cells = [[str("" if row.get(c) is None else row[c]) for c in columns] for row in rows]
    table = [[*columns], *cells]
    widths = [max(len(line[at]) for line in table) for at in range(len(columns))]
    for line in table:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def store_group() -> click.Group:
    """`zcp store …`."""
    from .care import backup, check, migrate_command
    from .sessions import sessions
    from .tasks import tasks

    group = click.Group("store", short_help="Look into a SQLite store, and after it.")
    group.help = "Look into the SQLite file of a server, and after it. The server may be running."
    for command in (check, migrate_command, backup, tasks, sessions):
        group.add_command(command)
    return group
