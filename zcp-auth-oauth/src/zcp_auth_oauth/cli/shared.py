"""What the commands share: the file, scopes, and pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import click

from ..providers.sqlite.provider import SQLiteOAuthProvider

T = TypeVar("T")

DATABASE = "ZCP_OAUTH__DATABASE"


def _given(context: click.Context, option: click.Parameter, path: str | None) -> str:
    if not path:
        raise click.UsageError(f"name the server's file: --database, or {DATABASE}")
    return path


database = click.option(
    "--database",
    "path",
    envvar=DATABASE,
    callback=_given,
    type=click.Path(dir_okay=False),
    help=f"The SQLite file of the server; or {DATABASE}.",
)
scope = click.option("--scope", "scopes", multiple=True, help="A scope; repeat for more.")
all_scopes = click.option("--all-scopes", is_flag=True, help="Every scope the server knows.")


@contextmanager
def opened(path: str) -> Generator[SQLiteOAuthProvider, None, None]:
    """The provider in this file."""
    provider = SQLiteOAuthProvider(path)
    provider.open()
    try:
        yield provider
    finally:
        provider.close()


def limit_of(scopes: tuple[str, ...], every: bool) -> tuple[str, ...] | None:
    """What `--scope` and `--all-scopes` come to. Raises `UsageError` for both."""
    if scopes and every:
        raise click.UsageError("give --scope or --all-scopes, not both")
    return None if every else scopes


def everything(page: Callable[[str | None], Sequence[T]], key: Callable[[T], str]) -> list[T]:
    """Every entry of a paged list."""
    found: list[T] = []
    while more := page(key(found[-1]) if found else None):
        found += more
    return found
