"""The commands of `zcp oauth`."""

from __future__ import annotations

import click

from .clients import clients
from .keys import keys
from .users import users


@click.group("oauth", short_help="Manage the embedded authorization server.")
def oauth() -> None:
    """Manage the embedded authorization server, in its SQLite file. A running server sees changes
    at once."""


for each in (users, clients, keys):
    oauth.add_command(each)
