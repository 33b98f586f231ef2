"""`zcp sessions`."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from .rendering import Screen
from .stores import StoreTarget, limit_option, show_store, store_argument, store_options
from .verbs import VerbGroup

COLUMNS = ("session", "plane", "revision", "worker", "moves", "caller", "client")


@click.group("sessions", cls=VerbGroup, short_help="Look into the sessions of a store.")
def sessions_command() -> None:
    """Look into the sessions that workers share in a SQLite store, whoever opened them.

    FILE is the store's file or sqlite:///FILE. Servers that use it may be running.
    """


@sessions_command.command("list")
@store_argument
@limit_option
@store_options
def list_sessions(store: StoreTarget, limit: int, as_json: bool) -> None:
    """The most recently used first."""
    show_store(as_json, partial(_show_list, store, limit))


def _show_list(store: StoreTarget, limit: int, screen: Screen) -> None:
    found: list[dict[str, Any]] = store.part("sessions").latest(store.path, limit)
    if screen.json:
        screen.document({"sessions": found})
        return
    screen.table(
        COLUMNS, [["" if cell is None else str(cell) for cell in each.values()] for each in found]
    )


@sessions_command.command("show")
@store_argument
@click.argument("session_id", metavar="ID")
@store_options
def show_session(store: StoreTarget, session_id: str, as_json: bool) -> None:
    """Everything another worker would need to go on with a session, as JSON."""
    look = store.part("sessions").details
    show_store(as_json, lambda screen: screen.document(look(store.path, session_id)))


@sessions_command.command("prune")
@store_argument
@click.option(
    "--hours", type=click.FloatRange(min=0), default=24.0, show_default=True,
    help="Those nobody used for so long.",
)  # fmt: skip
@store_options
def prune_sessions(store: StoreTarget, hours: float, as_json: bool) -> None:
    """Remove sessions nobody uses, and what was kept to be sent again."""

    def work(screen: Screen) -> None:
        removed = store.part("sessions").prune(store.path, hours)
        if screen.json:
            screen.document({"removed": removed})
        else:
            screen.text(f"{removed} sessions removed")

    show_store(as_json, work)
