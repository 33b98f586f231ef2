"""`zcp store sessions`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from zcp_kernel.contracts import StoredSession
from zcp_kernel.jsontext import loads

from ..database import Database
from ..events import SQLiteEventLog
from ..sessions import SQLiteSessionStore
from .group import file_argument, json_option, show, with_database

COLUMNS = ("id", "plane", "revision", "worker", "moves", "caller", "client")
PAGE = 200


@click.group(short_help="List, show and prune sessions.")
def sessions() -> None:
    """The sessions workers share, whoever opened them."""


@sessions.command("list")
@file_argument
@click.option("--limit", default=PAGE, show_default=True, help="So many.")
@json_option
def list_sessions(file: Path, limit: int, as_json: bool) -> None:
    """The most recently used first."""

    async def work(database: Database) -> list[dict[str, Any]]:
        return [_row(each) for each in await SQLiteSessionStore(database).list(limit)]

    show(with_database(file, work), COLUMNS, as_json)


@sessions.command("show")
@file_argument
@click.argument("session_id", metavar="ID")
def show_session(file: Path, session_id: str) -> None:
    """Everything another worker would need to go on with a session, as JSON."""

    async def work(database: Database) -> dict[str, Any]:
        store = SQLiteSessionStore(database)
        stored = await store.load(session_id)
        if stored is None:
            raise click.ClickException(f"there is no session {session_id}")
        calls = [
            {"stream": call.stream, "worker": call.worker, "requests": loads(call.ids)}
            for call in await store.begun(session_id)
        ]
        return {**_row(stored), "facts": loads(stored.facts), "calls": calls}

    click.echo(json.dumps(with_database(file, work), indent=2))


@sessions.command("prune")
@file_argument
@click.option("--hours", default=24.0, show_default=True, help="Those nobody used for so long.")
def prune_sessions(file: Path, hours: float) -> None:
    """Remove sessions nobody uses, and what was kept to be sent again."""

    async def work(database: Database) -> int:
        log = SQLiteEventLog(database)
        gone = await SQLiteSessionStore(database).expire(hours * 3600)
        for session_id in gone:
            await log.forget(session_id)
        return len(gone)

    click.echo(f"{with_database(file, work)} sessions removed")


def _row(stored: StoredSession) -> dict[str, Any]:
    caller: dict[str, Any] = loads(stored.caller) or {}
    client: dict[str, Any] = loads(stored.facts).get("clientInfo") or {}
    return {
        "id": stored.id,
        "plane": stored.plane,
        "revision": stored.revision,
        "worker": stored.worker,
        "moves": stored.generation,
        "caller": caller.get("subject"),
        "client": client.get("name"),
    }
