"""`zcp oauth keys`."""

from __future__ import annotations

import os
import time

import click
from attrs import evolve

from .shared import database, opened
from .showing import as_json, show


@click.group("keys", short_help="Keys that sign JWT access tokens.")
def keys() -> None:
    """Keys that sign JWT access tokens."""


@keys.command("list")
@as_json
@database
def list_keys(as_json: bool, path: str) -> None:
    """List the keys, oldest first."""
    with opened(path) as provider:
        rows = [
            {
                "kid": key.kid,
                "algorithm": key.algorithm,
                "signs_until": _time(key.retires_at),
                "published_until": _time(key.expires_at),
            }
            for key in provider.list_keys()
        ]
    show(rows, as_json)


@keys.command("rotate")
@click.option("--algorithm", type=click.Choice(["ES256", "RS256", "EdDSA"]), default="ES256")
@click.option("--overlap", default=3600.0, help="Seconds old keys stay published.")
@database
def rotate_keys(algorithm: str, overlap: float, path: str) -> None:
    """Make a new key; the others sign no more. It is encrypted with the first of
    ZCP_KEYS__SECRETS."""
    from ..jose.keys import SigningKeys
    from ..secret import derived

    configured = os.environ.get("ZCP_KEYS__SECRETS", "").split(",")[0].strip()
    if not configured:
        raise click.ClickException("set ZCP_KEYS__SECRETS to the secrets the server has")
    now = time.time()
    with opened(path) as provider:
        for key in provider.list_keys():
            if key.retires_at > now:
                provider.save_key(evolve(key, retires_at=now, expires_at=now + overlap))
        signing = SigningKeys(
            provider, derived(configured), algorithm=algorithm, rotation=30 * 86_400.0,
            overlap=overlap,
        )  # fmt: skip
        kid = signing.rotate(now).kid
    click.echo(f"new key: {kid}")


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
