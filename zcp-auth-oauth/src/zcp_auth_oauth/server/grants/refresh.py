"""The refresh grant (RFC 6749, section 6), with rotation."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from ...digests import digest_of
from ...models import RefreshToken
from ...policy.scopes import parsed
from ..toolkit import InvalidGrantError, RefreshTokenGrant
from .base import Answer, OurGrant


@frozen
class _Stored:
    """A stored token, as authlib's grant asks it."""

    token: RefreshToken

    def check_client(self, client: Any) -> bool:
        return self.token.client_id == str(client.client_id)

    def get_scope(self) -> str:
        return " ".join(self.token.scopes)


class RefreshGrant(OurGrant, RefreshTokenGrant):
    """Exchanges a refresh token for an access token and the next refresh token."""

    def authenticate_refresh_token(self, refresh_token: str) -> _Stored | None:
        found = self.parts.provider.get_refresh(digest_of(refresh_token))
        return None if found is None else _Stored(found)

    def create_token_response(self) -> Answer:
        stored: RefreshToken = self.request.refresh_token.token
        if stored.jkt is not None and stored.jkt != self.request.jkt:
            raise InvalidGrantError("the refresh token is bound to another DPoP key")
        self.issuing.check_proof(self.registered, self.request.jkt)
        scopes = parsed(self.request.payload.scope) or stored.scopes
        audience = self.narrowed(stored.resources)
        presented: str = self.request.form["refresh_token"]
        body = self.issuing.refreshed(
            self.registered, presented, stored, scopes, audience, self.request.jkt
        )
        return self.answer(body)
