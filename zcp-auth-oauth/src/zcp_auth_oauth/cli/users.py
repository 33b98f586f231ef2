"""`zcp oauth users`."""

from __future__ import annotations

import sys
import time
from typing import Any

import click
from attrs import evolve
from zcp_kernel.ids import new_id

from ..models import User
from ..providers.sqlite.provider import SQLiteOAuthProvider
from .shared import all_scopes, database, everything, limit_of, opened, scope
from .showing import as_json, show


@click.group("users", short_help="Users who can sign in.")
def users() -> None:
    """Users who can sign in with a name and a password."""


def _password(from_stdin: bool) -> str:
    from ..signin.passwords import Passwords

    if from_stdin:
        text = sys.stdin.readline().rstrip("\n")
    else:
        text = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        return Passwords().hash(text)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@users.command("add")
@click.argument("name")
@click.option("--display-name", help="What pages call the user.")
@scope
@all_scopes
@password_stdin
@database
def add_user(
    name: str,
    display_name: str | None,
    scopes: tuple[str, ...],
    all_scopes: bool,
    password_stdin: bool,
    path: str,
) -> None:
    """Add a user, who may have these scopes and no others."""
    limit = limit_of(scopes, all_scopes)
    user = User(
        new_id(), name, _password(password_stdin), limit, display_name,
        created_at=time.time(),
    )  # fmt: skip
    with opened(path) as provider:
        try:
            provider.add_user(user)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"added {name}")


@users.command("list")
@as_json
@database
def list_users(as_json: bool, path: str) -> None:
    """List the users."""
    with opened(path) as provider:
        found = everything(provider.list_users, lambda each: each.username)
    rows = [
        {
            "name": each.username,
            "subject": each.subject,
            "scopes": "all" if each.scopes is None else list(each.scopes),
            "disabled": each.disabled,
        }
        for each in found
    ]
    show(rows, as_json)


@users.command("set")
@click.argument("name")
@scope
@all_scopes
@click.option("--password", "new_password", is_flag=True, help="Set a new password.")
@click.option("--disable/--enable", default=None, help="Whether the user can sign in.")
@password_stdin
@database
def set_user(
    name: str,
    scopes: tuple[str, ...],
    all_scopes: bool,
    new_password: bool,
    disable: bool | None,
    password_stdin: bool,
    path: str,
) -> None:
    """Change a user. Whatever changes, the tokens and sign-ins there are end."""
    changes: dict[str, Any] = {}
    if scopes or all_scopes:
        changes["scopes"] = limit_of(scopes, all_scopes)
    if new_password or password_stdin:
        changes["password_hash"] = _password(password_stdin)
    if disable is not None:
        changes["disabled"] = disable
    if not changes:
        raise click.UsageError("say what to change")
    with opened(path) as provider:
        user = _existing(provider, name)
        provider.replace_user(evolve(user, **changes))
        provider.revoke_subject(user.subject, time.time())
    click.echo(f"changed {name}")


@users.command("remove")
@click.argument("name")
@database
def remove_user(name: str, path: str) -> None:
    """Remove a user; their tokens end."""
    with opened(path) as provider:
        if not provider.delete_user(name, time.time()):
            raise click.ClickException(f"there is no user {name!r}")
    click.echo(f"removed {name}")


@users.command("revoke")
@click.argument("name")
@database
def revoke_user(name: str, path: str) -> None:
    """End every token and sign-in of a user, who can sign in anew."""
    with opened(path) as provider:
        count = provider.revoke_subject(_existing(provider, name).subject, time.time())
    click.echo(f"revoked {count} grants of {name}")


def _existing(provider: SQLiteOAuthProvider, name: str) -> User:
    user = provider.get_user(name)
    if user is None:
        raise click.ClickException(f"there is no user {name!r}")
    return user
