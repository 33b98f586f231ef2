"""What the parts of one authorization server share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from attrs import field, frozen

from ..config import OAuthConfig
from ..dpop.proofs import Proofs
from ..fetch.cache import DocumentCache
from ..jose.keys import SigningKeys
from ..policy.resources import Resources
from ..providers.contract import OAuthProvider


def _none() -> Iterable[str]:
    return ()


@frozen
class Parts:
    """Settings and services of one authorization server.

    `scopes` gives every scope there is now: a server's registry is live. `keys` is there when
    access tokens are JWTs. `seal` is the server's own secret, 32 bytes, for what travels through
    browsers. `clock` gives seconds since the epoch.
    """

    settings: OAuthConfig
    provider: OAuthProvider
    resources: Resources
    proofs: Proofs
    documents: DocumentCache
    seal: bytes = field(repr=False)
    keys: SigningKeys | None = None
    scopes: Callable[[], Iterable[str]] = _none
    clock: Callable[[], float] = time.time

    @property
    def issuer(self) -> str:
        assert self.settings.issuer is not None
        return self.settings.issuer

    def endpoint(self, name: str) -> str:
        """The URL of an endpoint, such as `token`."""
        return f"{self.issuer}/{name}"

    def supported(self) -> tuple[str, ...]:
        """Scopes that can be granted, in order."""
        if self.settings.scopes is not None:
            return self.settings.scopes
        return tuple(sorted({*self.scopes(), *self.settings.default_scopes}))
