"""The JWT bearer grant (RFC 7523, section 2.1) for identity assertions of an enterprise's identity
provider (ID-JAG, draft-ietf-oauth-identity-assertion-authz-grant)."""

from __future__ import annotations

import secrets
from typing import Any

from ...config import TrustedIssuer
from ...digests import digest_of
from ...fetch.guard import FetchRefused
from ...jose.issuers import keys_of
from ...jose.verify import TokenInvalid, audience_of, check_times, number, peek
from ...policy.registration import JWT_BEARER
from ...shapes import strings_of
from ..issuing import Entitlement
from ..requests import CoreRequest
from ..toolkit import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidTargetError,
    TokenEndpointMixin,
    UnauthorizedClientError,
    plain,
)
from .base import PROVEN_METHODS, Answer, OurGrant

LEEWAY_SECONDS = 30.0
LONGEST_LIFE_SECONDS = 3600.0
ID_JAG = "oauth-id-jag+jwt"


class AssertionGrant(OurGrant, TokenEndpointMixin):
    """Exchanges an assertion for an access token.

    It must come from an issuer of `assertion_issuers`, be made for this server, for this client and
    for a resource of ours, and was never presented before.
    """

    TOKEN_ENDPOINT_AUTH_METHODS = PROVEN_METHODS

    @classmethod
    def check_token_endpoint(cls, request: CoreRequest) -> bool:
        return request.form.get("grant_type") == JWT_BEARER and request.method == "POST"

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(JWT_BEARER):
            raise UnauthorizedClientError("this client may not use assertions")
        self.request.client = client
        assertion = self.request.form.get("assertion")
        if not assertion:
            raise InvalidRequestError("assertion is missing")
        try:
            self._claims = self._verified(assertion)
        except (TokenInvalid, FetchRefused) as error:
            raise InvalidGrantError(plain(f"the assertion: {error}")) from None

    def create_token_response(self) -> Answer:
        claims, client = self._claims, self.registered
        self.issuing.check_proof(client, self.request.jkt)
        stated = claims.get("scope")
        limit = tuple(stated.split()) if isinstance(stated, str) else None
        asked = self.request.payload.scope or stated
        what = Entitlement(
            client,
            secrets.token_urlsafe(16),
            f"{claims['iss']}|{claims['sub']}",
            self.issuing.scopes(asked, client, limit),
            self._audience(claims),
            self.request.jkt,
        )
        return self.answer(self.issuing.for_itself(what))

    def _verified(self, assertion: str) -> dict[str, Any]:
        _, unverified = peek(assertion)
        issuer = self._issuer(unverified.get("iss"))
        keys = keys_of(issuer, self.parts.documents)
        claims = keys.claims(assertion, issuer.algorithms, types=(ID_JAG,))
        now = self.parts.clock()
        check_times(claims, now, LEEWAY_SECONDS)
        if claims.get("iss") != issuer.issuer or not isinstance(claims.get("sub"), str):
            raise TokenInvalid("iss and sub are needed")
        if audience_of(claims) != (self.parts.issuer,):
            raise TokenInvalid("it was made for somebody else")
        if claims.get("client_id") != self.registered.client_id:
            raise TokenInvalid("it was made for another client")
        self._check_first(claims, now)
        return claims

    def _issuer(self, name: object) -> TrustedIssuer:
        for issuer in self.parts.settings.assertion_issuers:
            if issuer.issuer == name:
                return issuer
        raise TokenInvalid("its issuer is not trusted here")

    def _check_first(self, claims: dict[str, Any], now: float) -> None:
        expires, jti = number(claims.get("exp")), claims.get("jti")
        if expires is None or expires > now + LONGEST_LIFE_SECONDS:
            raise TokenInvalid("it lives too long")
        seen = digest_of(f"{claims['iss']} {jti}")
        until = expires + LEEWAY_SECONDS
        if not isinstance(jti, str) or not self.parts.provider.first_use(
            "id-jag", seen, now, until
        ):
            raise TokenInvalid("it was used before, or has no jti")

    def _audience(self, claims: dict[str, Any]) -> tuple[str, ...]:
        """The resource the assertion names; the request may narrow it, never change it."""
        stated = claims.get("resource")
        granted = [stated] if isinstance(stated, str) else strings_of(stated)
        if not granted:
            raise InvalidTargetError("the assertion names no resource")
        return self.narrowed(self.accepted(granted))
