"""The server of `oauth_application` in a process of its own, with its users and clients."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from attrs import define
from server_process import Server, free_port, server, serving
from zcp_auth_oauth.models import OAuthClient, User
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider

PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
"""Cheap to check: what is tested is not how dear a guess is."""
TARGET = "tests.support.oauth_application:application"


@define
class OAuthSite:
    """A running server, and the file it shares with whoever administers it."""

    url: str
    running: Server
    database: Path

    @property
    def provider(self) -> SQLiteOAuthProvider:
        """The store, from this process: what `zcp oauth users …` does."""
        return SQLiteOAuthProvider(self.database)


def prepare(database: Path, clients: Iterable[OAuthClient] = ()) -> None:
    """A file with alice, who may have every scope, bob, who may only read, and these clients."""
    provider = SQLiteOAuthProvider(database)
    try:
        provider.add_user(User("u-alice", "alice", HASH, None, "Alice"))
        provider.add_user(User("u-bob", "bob", HASH, ("weather.read",), "Bob"))
        for client in clients:
            provider.add_client(client)
    finally:
        provider.close()


@contextmanager
def oauth_site(
    folder: Path,
    clients: Iterable[OAuthClient] = (),
    *,
    port: int | None = None,
    **settings: Any,
) -> Generator[OAuthSite]:
    """A server on a port of its own, or on the one a run before had; `settings` are those of
    section `oauth`. The file in `folder` is made if it is not there."""
    port = port or free_port()
    url, database = f"http://127.0.0.1:{port}", folder / "oauth.db"
    if not database.exists():
        prepare(database, clients)
    environ = {
        "OAUTH_ISSUER": url,
        "OAUTH_DATABASE": str(database),
        "OAUTH_SETTINGS": json.dumps(settings),
    }
    with server(serving(TARGET, port=port), port, folder, **environ) as running:
        yield OAuthSite(url, running, database)
