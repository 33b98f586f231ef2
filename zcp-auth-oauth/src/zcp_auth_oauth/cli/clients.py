"""`zcp oauth clients`."""

from __future__ import annotations

import time

import click
from attrs import evolve
from zcp_kernel.ids import new_id

from ..digests import SECRET, digest_of, new_token
from ..policy.registration import MetadataRefused, client_of, described
from .shared import all_scopes, database, everything, limit_of, opened, scope
from .showing import as_json, show


@click.group("clients", short_help="Applications that ask for tokens.")
def clients() -> None:
    """Applications that ask for tokens."""


@clients.command("add")
@click.argument("name")
@click.option("--id", "client_id", help="Its id; made if not given.")
@click.option("--redirect", "redirects", multiple=True, help="A redirect URI; repeat for more.")
@click.option(
    "--grant", "grants", multiple=True, help="A grant type; repeat for more.",
    default=("authorization_code", "refresh_token"), show_default=True,
)  # fmt: skip
@click.option(
    "--auth", "method", default="client_secret_basic", show_default=True,
    type=click.Choice(["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]),
    help="How it proves itself.",
)  # fmt: skip
@click.option("--jwks-uri", help="Where its public keys are, for private_key_jwt.")
@click.option("--dpop", is_flag=True, help="Its tokens are bound to a key.")
@scope
@all_scopes
@database
def add_client(
    name: str,
    client_id: str | None,
    redirects: tuple[str, ...],
    grants: tuple[str, ...],
    method: str,
    jwks_uri: str | None,
    dpop: bool,
    scopes: tuple[str, ...],
    all_scopes: bool,
    path: str,
) -> None:
    """Add a client, which may have these scopes and no others. Its secret is shown once."""
    metadata = {
        "client_name": name, "redirect_uris": list(redirects), "grant_types": list(grants),
        "token_endpoint_auth_method": method, "jwks_uri": jwks_uri,
        "dpop_bound_access_tokens": dpop,
    }  # fmt: skip
    try:
        made = client_of(
            metadata, client_id or new_id(), origin="operator",
            created_at=time.time(),
        )  # fmt: skip
    except MetadataRefused as error:
        raise click.ClickException(str(error)) from None
    client = evolve(made, scopes=limit_of(scopes, all_scopes))
    secret: str | None = None
    if method.startswith("client_secret"):
        secret = new_token(SECRET)
        client = evolve(client, secret_digest=digest_of(secret))
    with opened(path) as provider:
        try:
            provider.add_client(client)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"client_id: {client.client_id}")
    if secret is not None:
        click.echo(f"client_secret: {secret}")


@clients.command("list")
@as_json
@database
def list_clients(as_json: bool, path: str) -> None:
    """List the clients."""
    with opened(path) as provider:
        found = everything(provider.list_clients, lambda each: each.client_id)
    show([{**described(each), "origin": each.origin} for each in found], as_json)


@clients.command("remove")
@click.argument("client_id")
@database
def remove_client(client_id: str, path: str) -> None:
    """Remove a client; its tokens end."""
    with opened(path) as provider:
        if not provider.delete_client(client_id, time.time()):
            raise click.ClickException(f"there is no client {client_id!r}")
    click.echo(f"removed {client_id}")
