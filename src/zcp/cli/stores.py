"""A store as the target of a command: a SQLite file that servers keep their state in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from attrs import frozen
from zcp_kernel.errors import ZCPError

from .._resolve import DISTRIBUTION, is_installed
from .connecting import error_member
from .exits import NOT_STARTED, CommandError
from .options import debug_option, to_target
from .rendering import Screen
from .targets import Target

PACKAGE = "zcp_store_sqlite"
SCHEME = "sqlite:"
HEADER = b"SQLite format 3\x00"
"""The first bytes of the file format (sqlite.org, "Database File Format", 1.3)."""
PAGE = 200


@frozen
class StoreTarget:
    """The file of a store."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def part(self, name: str) -> Any:
        """What looks into `tasks` or `sessions`. Raises `CommandError` where the store's
        distribution is not installed."""
        _need_package()
        return import_module(f"{PACKAGE}.looking.{name}")


def store_at(text: str) -> StoreTarget | None:
    """The store that TARGET names, None if it names something else.

    Raises `CommandError` for a `sqlite:` URL without a file behind it.
    """
    if not text.startswith(SCHEME):
        path = Path(text)
        return StoreTarget(path) if path.is_file() and _is_sqlite(path) else None
    _need_package()
    path = import_module(f"{PACKAGE}.config").path_of(text)
    if not path.is_file():
        raise CommandError(f"there is no file {path}", NOT_STARTED)
    return StoreTarget(path)


def show_store(as_json: bool, work: Callable[[Screen], object]) -> None:
    """Show what `work` finds in a store; raises what it raises."""
    screen = Screen(sys.stdout, json=as_json)
    try:
        work(screen)
    except ZCPError as error:
        if as_json:
            screen.document({"error": error_member(error)})
        raise


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


def _need_package() -> None:
    if not is_installed(PACKAGE):
        raise CommandError(
            f"a store needs {PACKAGE}, which is not installed: "
            f'pip install "{DISTRIBUTION}[sqlite]"',
            NOT_STARTED,
        )


def _to_place(
    context: click.Context, parameter: click.Parameter, text: str
) -> StoreTarget | Target:
    return store_at(text) or to_target(context, parameter, text)


def _to_store(context: click.Context, parameter: click.Parameter, text: str) -> StoreTarget:
    store = store_at(text)
    if store is None:
        found = "is no SQLite store" if Path(text).exists() else "does not exist"
        raise click.BadParameter(f"{text} {found}: give a file or sqlite:///FILE")
    return store


place_argument = click.argument("target", callback=_to_place)
"""A server, or a store."""
store_argument = click.argument("store", metavar="FILE", callback=_to_store)
limit_option = click.option(
    "--limit", type=click.IntRange(1), default=PAGE, show_default=True, help="At most so many."
)


def store_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a command that looks into a store and at no server."""
    as_json = click.option(
        "--json", "as_json", is_flag=True, help="One JSON document on standard output."
    )
    return as_json(debug_option(function))
