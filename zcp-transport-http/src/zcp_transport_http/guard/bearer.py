"""The static bearer token of section `auth`."""

from __future__ import annotations

from hashlib import blake2b
from hmac import compare_digest

from zcp_kernel.security import Challenge, Credentials, Principal

from ..config import BearerAuthConfig

PLACEHOLDERS = frozenset(
    {"replace-me", "replace_me", "replaceme", "changeme", "change-me", "secret", "token", "test"}
)
"""What examples put where a token belongs."""


class StaticBearer:
    """Lets in whoever presents the configured token.

    Only digests are compared: in constant time, and independent of the token's length.
    """

    name = "bearer"

    def __init__(self, settings: BearerAuthConfig) -> None:
        assert settings.token is not None
        self.header_name = settings.header_name.lower()
        self.schemes = (settings.scheme.lower(),)
        self._scheme = settings.scheme or "Bearer"
        self._subject = settings.subject
        self._scopes = settings.scopes
        self._digest = _digest(settings.token)
        self.is_placeholder = settings.token.strip().lower() in PLACEHOLDERS
        self._principal = self._make(settings.scopes or ())

    @property
    def scopes(self) -> frozenset[str]:
        """What its bearer holds."""
        return self._principal.scopes or frozenset()

    def default_scopes(self, scopes: tuple[str, ...]) -> None:
        """What its bearer holds if configuration does not say."""
        if self._scopes is None:
            self._principal = self._make(scopes)

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        same = compare_digest(_digest(credentials.value), self._digest)
        return self._principal if same else None

    def challenge(self, error: str | None = None) -> Challenge:
        scheme = self._scheme[:1].upper() + self._scheme[1:]
        return Challenge(scheme, {} if error is None else {"error": error})

    def _make(self, scopes: tuple[str, ...]) -> Principal:
        return Principal(subject=self._subject, scopes=frozenset(scopes), kind="bearer")


def _digest(token: str) -> bytes:
    return blake2b(token.encode("utf-8", "surrogateescape"), digest_size=32).digest()
