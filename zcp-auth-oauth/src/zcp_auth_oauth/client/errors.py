"""What can go wrong on the way to a token. No message holds a secret."""

from __future__ import annotations

from typing import Any, ClassVar

from zcp_kernel.errors import ZCPError

UNAUTHORIZED = 401
MOST_TOLD = 300


class OAuthError(ZCPError):
    """No credentials for the server could be had."""

    code: ClassVar[int] = UNAUTHORIZED


class FetchFailed(OAuthError):
    """A URL of the authorization flow gave no answer, or was not asked because of where it leads.
    `refused`: the latter."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class DiscoveryFailed(OAuthError):
    """The server, or its authorization server, does not say what a client has to know."""


class RegistrationFailed(OAuthError):
    """There is no client to be: not registered beforehand, and not on the fly."""


class LoginNeeded(OAuthError):
    """A user has to log in, and cannot be asked here."""


class AuthorizationRefused(OAuthError):
    """The browser came back without a code, or with one that must not be used.

    `error` is the code of RFC 6749, section 4.1.2.1, None if the answer itself was not to be
    trusted.
    """

    def __init__(self, message: str, error: str | None = None) -> None:
        super().__init__(message)
        self.error = error


class TokenRefused(OAuthError):
    """The token endpoint said no. `error` is the code of RFC 6749, section 5.2, None if it gave
    none; `status` that of HTTP."""

    def __init__(self, message: str, error: str | None, status: int) -> None:
        super().__init__(message)
        self.error = error
        self.status = status


def told(value: Any) -> str:
    """Text of another party, made harmless: printable, on one line, not too long."""
    text = " ".join(str(value).split())
    return "".join(c for c in text if c.isprintable())[:MOST_TOLD]
