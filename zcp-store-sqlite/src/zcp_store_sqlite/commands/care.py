"""`zcp store check|migrate|backup`."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import click

from ..migrations import NEWEST, migrate, version
from .group import file_argument

COUNTED = ("tasks", "handles", "sessions", "streams", "events")


@click.command()
@file_argument
def check(file: Path) -> None:
    """Say whether FILE is whole, which schema it has, and what it holds. Exits with 1 if it is
    damaged or of another release."""
    connection = _read_only(file)
    try:
        problems = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        found = version(connection)
        click.echo(f"schema {found} of {NEWEST}")
        if found == NEWEST:
            for table in COUNTED:
                count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                click.echo(f"{table} {count}")
    except sqlite3.DatabaseError as error:
        problems, found = [str(error)], -1
    finally:
        connection.close()
    for problem in problems:
        click.echo(problem)
    if problems != ["ok"] or found != NEWEST:
        sys.exit(1)


@click.command("migrate")
@file_argument
def migrate_command(file: Path) -> None:
    """Bring FILE to the schema of this release. A server does so itself when it starts."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        before = migrate(connection)
    except sqlite3.DatabaseError as error:
        raise click.ClickException(f"{file}: {error}") from None
    finally:
        connection.close()
    click.echo(f"schema {before} -> {NEWEST}" if before != NEWEST else f"schema {NEWEST} already")


@click.command()
@file_argument
@click.argument("to", type=click.Path(dir_okay=False, path_type=Path), metavar="TO")
@click.option("--force", is_flag=True, help="Write over TO.")
def backup(file: Path, to: Path, force: bool) -> None:
    """Copy FILE to TO as it is at one moment, while servers go on."""
    if to.exists() and not force:
        raise click.ClickException(f"{to} exists; --force writes over it")
    source, target = _read_only(file), sqlite3.connect(to)
    try:
        source.backup(target)
    except sqlite3.DatabaseError as error:
        raise click.ClickException(f"{file}: {error}") from None
    finally:
        source.close()
        target.close()
    click.echo(f"{file} -> {to}, {to.stat().st_size} bytes")


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
