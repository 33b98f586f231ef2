"""The command group, and the argument all its commands take."""

from __future__ import annotations

from pathlib import Path

import click

file_argument = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)


def store_group() -> click.Group:
    """`zcp store …`."""
    from .care import backup, check, migrate_command

    group = click.Group("store", short_help="Look after a SQLite store.")
    group.help = (
        "Look after the SQLite file of a server, which may be running. `zcp tasks` and "
        "`zcp sessions` look into it."
    )
    for command in (check, migrate_command, backup):
        group.add_command(command)
    return group
