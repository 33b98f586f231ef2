"""What a way to get tokens is told, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from attrs import frozen

from ..discovery.finding import Authority
from ..fetching.web import Web
from ..session import ClientIdentity, Tokens
from ..storage.vault import Vault
from ..tokens.dpop import Prover
from ..tokens.endpoint import TokenEndpoint


@frozen
class Errand:
    """Tokens are wanted: for which server, from whom, for which scopes (None: none are named).
    `prover` holds the key they are to be bound to."""

    server: str
    authority: Authority
    scopes: tuple[str, ...] | None
    web: Web
    vault: Vault
    clock: Callable[[], float]
    prover: Prover | None = None

    def endpoint(self) -> TokenEndpoint:
        """The token endpoint of the server's issuer."""
        issuer = self.authority.issuer
        return TokenEndpoint(
            self.web, issuer.token_endpoint, issuer.issuer, issuer.auth_methods, self.clock,
            self.prover,
        )  # fmt: skip

    @property
    def scope(self) -> str | None:
        """The parameter `scope`, None to leave it out."""
        return " ".join(self.scopes) if self.scopes else None


@frozen
class Obtained:
    """Tokens, and as which client they were got."""

    client: ClientIdentity
    tokens: Tokens


class Grant(Protocol):
    """A way to get tokens. `steps_up`: asking for more scopes can bring more."""

    @property
    def steps_up(self) -> bool: ...

    @property
    def issuer(self) -> str | None:
        """The only issuer this grant's credentials are for, None for whichever the server names."""
        ...

    @property
    def is_bound(self) -> bool:
        """Whether its credentials, once used with an issuer, are for no other."""
        ...

    async def obtain(self, errand: Errand) -> Obtained:
        """Raises `OAuthError`."""
        ...

    def completed(self, client: ClientIdentity) -> ClientIdentity:
        """A stored client with what is not stored of it, such as a private key."""
        ...
