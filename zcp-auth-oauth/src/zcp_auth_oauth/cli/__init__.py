"""`zcp oauth`: users, clients and keys of the embedded authorization server. `zcp login`, `logout`
and `whoami`: logins at others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click


def add_commands(group: click.Group) -> None:
    """Add `oauth`, `login`, `logout` and `whoami` to the command line."""
    from .commands import oauth
    from .login import COMMANDS

    for command in (*COMMANDS, oauth):
        group.add_command(command)
