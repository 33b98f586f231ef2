"""Working on the file of a server that may be running."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import anyio

from ..database import Database, StoreError
from ..migrations import version
from ..sealing import Clear, sealing

__all__ = ["key_of", "with_database"]

T = TypeVar("T")


def key_of(environ: Mapping[str, str] = os.environ) -> Clear:
    """What opens sealed tasks: the key of a server, from its environment."""
    former = environ.get("ZCP_STORE__FORMER_KEYS", "")
    return sealing(environ.get("ZCP_STORE__KEY"), [key for key in former.split(",") if key])


def with_database(file: Path, work: Callable[[Database], Awaitable[T]]) -> T:
    """What `work` returns for the database in `file`. Raises `StoreError`, and what `work`
    raises."""
    _check(file)

    async def run() -> T:
        database = Database(file)
        try:
            return await work(database)
        finally:
            database.close()

    return anyio.run(run)


def _check(file: Path) -> None:
    """Raises `StoreError` for a file no server has used: it may be another program's, and opening
    it as a store would make tables in it."""
    connection = None
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        found = version(connection)
    except sqlite3.Error as error:
        raise StoreError(f"store:unreadable: {file}: {error}") from None
    finally:
        if connection is not None:
            connection.close()
    if found == 0:
        raise StoreError(f"store:foreign: {file} is no store: no server has used it")
