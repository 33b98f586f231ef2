"""Logins and registrations in a `TokenStorage`, each under whom it belongs to.

Credentials are keyed by the issuer they are from (MCP 2026-07-28, basic/authorization): those of
one are never looked up for another. A server's own entry says which login is in force there.
"""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager

from attrs import frozen

from ...shapes import members_of
from ..errors import OAuthError
from ..session import (
    ClientIdentity,
    Session,
    client_members,
    read_client,
    read_session,
    session_text,
)
from .contract import TokenStorage

SERVER, LOGIN, CLIENT = "server", "login", "client"


@frozen
class Vault:
    """The entries of one client name (a kind of program, say) in a storage."""

    storage: TokenStorage

    async def login(self, server: str) -> Session | None:
        """The login in force at a server."""
        pointer = await self.storage.get(f"{SERVER} {server}")
        if pointer is None:
            return None
        text = await self.storage.get(pointer)
        return None if text is None else read_session(text)

    async def keep(self, session: Session) -> None:
        """Keep a login, now in force at its server."""
        key = _login_key(session)
        await self.storage.set(key, session_text(session))
        await self.storage.set(f"{SERVER} {session.server}", key)

    async def forget(self, session: Session) -> None:
        """Forget a login."""
        await self.storage.delete(_login_key(session))
        await self.storage.delete(f"{SERVER} {session.server}")

    async def servers(self) -> list[str]:
        """Where there is a login."""
        keys = await self.storage.keys()
        return sorted(key.partition(" ")[2] for key in keys if key.startswith(f"{SERVER} "))

    async def client(self, issuer: str) -> ClientIdentity | None:
        """Who we registered as with an issuer."""
        text = await self.storage.get(f"{CLIENT} {issuer}")
        if text is None:
            return None
        try:
            return read_client(members_of(json.loads(text)))
        except (ValueError, TypeError):
            raise OAuthError(f"the stored client of {issuer} cannot be read") from None

    async def keep_client(self, issuer: str, client: ClientIdentity) -> None:
        """Keep a registration."""
        await self.storage.set(f"{CLIENT} {issuer}", json.dumps(client_members(client)))

    async def forget_client(self, issuer: str) -> None:
        """Forget a registration."""
        await self.storage.delete(f"{CLIENT} {issuer}")

    def exclusive(self, server: str) -> AbstractAsyncContextManager[None]:
        """While the login of a server is changed by nobody else."""
        return self.storage.exclusive(f"{SERVER} {server}")


def _login_key(session: Session) -> str:
    return f"{LOGIN} {session.issuer} {session.client.client_id} {session.server}"
