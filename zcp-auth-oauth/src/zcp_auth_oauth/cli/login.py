"""`zcp login`, `zcp logout` and `zcp whoami`."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import click

from .showing import as_json

if TYPE_CHECKING:
    from ..client import ClientIdentity, Redirect, Session

T = TypeVar("T")
SECRET = "ZCP_CLIENT_SECRET"
NOT_LOGGED_IN = 1


def _url(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://", "ws://", "wss://")):
        raise click.BadParameter("give the URL of a server on the network")
    return value


url_argument = click.argument("url", callback=_url)


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    # The library is loaded when a command runs: `zcp --help` has no use for it.
    from ..client.errors import OAuthError

    try:
        return anyio.run(work)
    except OAuthError as error:
        raise click.ClickException(error.message) from error


@click.command("login", short_help="Log in at a server.")
@url_argument
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening a browser.")
@click.option("--scope", "scopes", multiple=True, help="Ask for this scope only; repeat for more.")
@click.option("--client-id", help="Log in as this client, which was registered beforehand.")
@click.option(
    "--client-secret-stdin",
    is_flag=True,
    help=f"Read the client's secret from standard input; or give it as {SECRET}.",
)
@click.option("--client-metadata", metavar="URL", help="Log in as the client described there.")
@click.option("--issuer", metavar="URL", help="Log in with this authorization server alone.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=None,
    help="Come back to this port of 127.0.0.1, if the registered client needs that.",
)
@click.option("--dpop", is_flag=True, help="Bind the login to a key (RFC 9449).")
@as_json
def login(
    url: str,
    no_browser: bool,
    scopes: tuple[str, ...],
    client_id: str | None,
    client_secret_stdin: bool,
    client_metadata: str | None,
    issuer: str | None,
    port: int | None,
    dpop: bool,
    as_json: bool,
) -> None:
    """Log in at the server of URL. Other commands use the login by themselves, and renew it.

    The login is kept encrypted in a file of yours; ZCP_CREDENTIALS names another, or 'keyring'.
    """
    from ..client import OAuthAuthorizer, UserGrant
    from ..logins import default_storage

    client = _client(client_id, client_secret_stdin)
    grant = UserGrant(
        _redirect(no_browser, port or 0), client, client_metadata, "zcp command line", issuer
    )

    async def work() -> Session:
        authorizer = OAuthAuthorizer(
            url, grant, storage=default_storage(), scopes=scopes, dpop=dpop or None
        )
        return await authorizer.login()

    session = _run(work)
    if as_json:
        click.echo(json.dumps(_members(session), indent=2))
    else:
        click.echo(f"logged in at {session.server}{_granted(session)}")


@click.command("logout", short_help="End the login at a server.")
@url_argument
@click.option("--client", "client_too", is_flag=True, help="Forget the registered client as well.")
def logout(url: str, client_too: bool) -> None:
    """End the login at the server of URL, there as well as here."""

    from ..client import OAuthAuthorizer
    from ..client.grants.stored import StoredGrant
    from ..client.storage.vault import Vault
    from ..logins import default_storage

    async def work() -> bool:
        storage = default_storage()
        authorizer = OAuthAuthorizer(url, StoredGrant(f"zcp login {url}"), storage=storage)
        session = await authorizer.session()
        if session is not None and client_too:
            await Vault(storage).forget_client(session.issuer)
        return await authorizer.logout()

    if not _run(work):
        raise click.ClickException(f"there is no login at {url}")
    click.echo(f"logged out at {url}")


@click.command("whoami", short_help="Show the logins there are.")
@click.argument("url", required=False, callback=_url)
@as_json
@click.pass_context
def whoami(context: click.Context, url: str | None, as_json: bool) -> None:
    """Show the login at the server of URL, or all of them. Ends with 1 if there is none."""
    found = _run(functools.partial(_logins, url))
    if as_json:
        click.echo(json.dumps({"logins": [_members(each) for each in found]}, indent=2))
    for session in found if not as_json else ():
        click.echo(
            f"{session.server}: client {session.client.client_id} of {session.issuer}"
            f"{_granted(session)}; {_validity(session)}"
        )
    if not found:
        click.echo(f"not logged in{f' at {url}' if url else ''}", err=True)
        context.exit(NOT_LOGGED_IN)


COMMANDS = (login, logout, whoami)


async def _logins(url: str | None) -> list[Session]:
    from ..client.discovery.urls import web_url
    from ..client.storage.vault import Vault
    from ..logins import default_storage

    vault = Vault(default_storage())
    servers = await vault.servers() if url is None else [web_url(url)]
    found = [await vault.login(each) for each in servers]
    return [each for each in found if each is not None]


def _redirect(no_browser: bool, port: int) -> Redirect:
    from ..client import LoopbackRedirect, open_browser, print_address
    from ..client.redirect.paste import PastedRedirect

    loopback = LoopbackRedirect(print_address if no_browser else open_browser, port)
    if no_browser and sys.stdin.isatty():
        return PastedRedirect(loopback)
    return loopback


def _client(client_id: str | None, from_stdin: bool) -> ClientIdentity | None:
    from ..client import ClientIdentity

    secret = os.environ.get(SECRET)
    if from_stdin:
        secret = sys.stdin.readline().rstrip("\n")
    if client_id is None:
        if from_stdin:
            raise click.UsageError("--client-secret-stdin needs --client-id")
        return None
    return ClientIdentity(client_id, secret or None)


def _granted(session: Session) -> str:
    return f", for {' '.join(session.tokens.scopes)}" if session.tokens.scopes else ""


def _validity(session: Session) -> str:
    tokens, now = session.tokens, time.time()
    if tokens.refresh_token is not None:
        return "renews itself"
    if tokens.expires_at is None:
        return "does not say when it ends"
    return "is over" if tokens.over(now) else f"ends in {int(tokens.expires_at - now)} s"


def _members(session: Session) -> dict[str, Any]:
    """A login as JSON, without its secrets."""
    return {
        "server": session.server,
        "issuer": session.issuer,
        "client_id": session.client.client_id,
        "resource": session.resource,
        "scopes": session.tokens.scopes,
        "token_type": session.tokens.token_type,
        "expires_at": session.tokens.expires_at,
        "renews_itself": session.tokens.refresh_token is not None,
    }
