"""Where `zcp login` keeps logins, and how every other command finds them. Cheap to import."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client.authorizer import OAuthAuthorizer
    from .client.storage.contract import TokenStorage

PLACE, KEY = "ZCP_CREDENTIALS", "ZCP_CREDENTIALS_KEY"
"""Environment variables: the file, or `keyring`; and the file of its key."""

KEYRING = "keyring"


def place() -> str:
    """The file logins are in, or `keyring`."""
    told = os.environ.get(PLACE)
    if told:
        return told
    from platformdirs import user_data_path

    return str(user_data_path("zcp", appauthor=False) / "credentials")


def default_storage() -> TokenStorage:
    """What `zcp login` keeps logins in. Raises `OAuthError` if there is no keyring to use."""
    where = place()
    if where == KEYRING:
        from .client.storage.keyring import KeyringTokenStorage

        return KeyringTokenStorage()
    from .client.storage.file import FileTokenStorage

    return FileTokenStorage(where, os.environ.get(KEY) or None)


def stored_authorizer(url: str) -> OAuthAuthorizer | None:
    """An `Authorizer` by the login there is at a server: it renews it, and says how to log in anew
    where that is needed. None where nobody ever logged in anywhere. Raises `OAuthError`."""
    where = place()
    if where != KEYRING and not Path(where).exists():
        return None
    from .client.authorizer import OAuthAuthorizer
    from .client.grants.stored import StoredGrant

    advice = f"zcp login {url.partition('?')[0]}"
    return OAuthAuthorizer(url, StoredGrant(advice), storage=default_storage())
