"""`zcp oauth`: users, clients and keys of the embedded authorization server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click


def add_commands(group: click.Group) -> None:
    """Add `oauth` to the command line."""
    from .commands import oauth

    group.add_command(oauth)
