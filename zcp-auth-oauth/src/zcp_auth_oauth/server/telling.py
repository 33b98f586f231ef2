"""What is told about a token, and its end: introspection (RFC 7662), revocation (RFC 7009)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..digests import digest_of
from ..models import AccessToken, RefreshToken
from .grants.base import AUTH_METHODS, PROVEN_METHODS
from .toolkit import IntrospectionEndpoint, InvalidRequestError, RevocationEndpoint

if TYPE_CHECKING:
    from .clients import KnownClient
    from .parts import Parts


@frozen
class _Found:
    """A token, as authlib's endpoints ask it."""

    token: AccessToken | RefreshToken
    now: float

    def check_client(self, client: Any) -> bool:
        return self.token.client_id == str(client.client_id)

    def is_expired(self) -> bool:
        return self.token.expires_at <= self.now

    def is_revoked(self) -> bool:
        """A refresh token that was rotated is none any more; others were not found if revoked."""
        return isinstance(self.token, RefreshToken) and self.token.used_at is not None


def _find(parts: Parts, text: str) -> _Found | None:
    digest = digest_of(text)
    found = parts.provider.get_access(digest) or parts.provider.get_refresh(digest)
    return None if found is None else _Found(found, parts.clock())


class Revocation(RevocationEndpoint):
    """A client gives a token up: an access token alone, a refresh token with its whole grant."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def check_params(self, request: Any, client: Any) -> None:
        _check(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Found | None:
        return _find(self.server.parts, token_string)

    def revoke_token(self, token: _Found, request: Any) -> None:
        parts: Parts = self.server.parts
        if isinstance(token.token, RefreshToken):
            parts.provider.revoke_grant(token.token.grant_id, parts.clock())
        else:
            parts.provider.revoke_access(token.token.digest, parts.clock())


class Introspection(IntrospectionEndpoint):
    """A client asks about its own token; one the operator made, with a secret, about any."""

    CLIENT_AUTH_METHODS = PROVEN_METHODS

    def check_params(self, request: Any, client: Any) -> None:
        _check(request)

    def check_permission(self, token: _Found, client: Any, request: Any) -> bool:
        known: KnownClient = client
        return known.client.origin == "operator" or token.check_client(known)

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Found | None:
        return _find(self.server.parts, token_string)

    def introspect_token(self, token: _Found) -> dict[str, Any]:
        parts: Parts = self.server.parts
        found = token.token
        audience = found.audience if isinstance(found, AccessToken) else found.resources
        told: dict[str, Any] = {
            "active": True,
            "iss": parts.issuer,
            "client_id": found.client_id,
            "sub": found.subject or found.client_id,
            "scope": " ".join(found.scopes),
            "aud": list(audience),
            "iat": int(found.issued_at),
            "exp": int(found.expires_at),
        }
        if isinstance(found, AccessToken):
            told["token_type"] = "Bearer" if found.jkt is None else "DPoP"
        if found.jkt is not None:
            told["cnf"] = {"jkt": found.jkt}
        return told


def _check(request: Any) -> None:
    """A hint that means nothing to us is ignored (RFC 7009, section 2.1)."""
    if "token" not in request.form:
        raise InvalidRequestError("token is missing")
