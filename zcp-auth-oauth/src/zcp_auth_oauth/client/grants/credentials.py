"""A program acts for itself: client credentials (RFC 6749, section 4.4; MCP ext-auth)."""

from __future__ import annotations

from attrs import field, frozen

from ..session import ClientIdentity
from .contract import Errand, Obtained


@frozen
class ClientCredentialsGrant:
    """A program acts for itself, as a client that was registered beforehand: with a secret, or with
    a private key (`ClientIdentity.private_key`). `issuer` is where; without it, whichever the
    server names gets the credentials."""

    client: ClientIdentity
    issuer: str | None = None
    steps_up: bool = field(default=True, init=False)
    is_bound: bool = field(default=True, init=False)

    async def obtain(self, errand: Errand) -> Obtained:
        """Raises `TokenRefused` and `FetchFailed`."""
        form = {
            "grant_type": "client_credentials",
            "scope": errand.scope,
            "resource": errand.authority.resource,
        }
        tokens = await errand.endpoint().tokens(self.client, form, errand.scopes)
        return Obtained(self.client, tokens)

    def completed(self, client: ClientIdentity) -> ClientIdentity:
        return self.client
