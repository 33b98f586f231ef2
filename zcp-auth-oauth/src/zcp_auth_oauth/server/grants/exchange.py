"""Token exchange (RFC 8693): a service that got one of our tokens asks for a narrower one."""

from __future__ import annotations

from ...digests import digest_of
from ...models import AccessToken
from ...policy.registration import TOKEN_EXCHANGE
from ..issuing import Entitlement
from ..requests import CoreRequest
from ..toolkit import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    InvalidTargetError,
    TokenEndpointMixin,
    UnauthorizedClientError,
)
from .base import PROVEN_METHODS, Answer, OurGrant

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


class ExchangeGrant(OurGrant, TokenEndpointMixin):
    """Exchanges an access token of this server for one with no more scopes, no other audience and
    no longer life, in the same grant: it falls with it."""

    TOKEN_ENDPOINT_AUTH_METHODS = PROVEN_METHODS

    @classmethod
    def check_token_endpoint(cls, request: CoreRequest) -> bool:
        return request.form.get("grant_type") == TOKEN_EXCHANGE and request.method == "POST"

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(TOKEN_EXCHANGE):
            raise UnauthorizedClientError("this client may not exchange tokens")
        self.request.client = client
        form = self.request.form
        if form.get("subject_token_type") != ACCESS_TOKEN or "actor_token" in form:
            raise InvalidRequestError("only access tokens can be exchanged, without an actor")
        if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequestError("only access tokens can be had")
        self._subject = self._found(form.get("subject_token", ""))

    def create_token_response(self) -> Answer:
        subject, client = self._subject, self.registered
        self.issuing.check_proof(client, self.request.jkt)
        if self.request.payload.all("audience"):
            raise InvalidTargetError("name the resource by its URL, in resource")
        what = Entitlement(
            client, subject.grant_id, subject.subject, self._scopes(subject),
            self.narrowed(subject.audience), self.request.jkt,
        )  # fmt: skip
        left = subject.expires_at - self.parts.clock()
        body = {**self.issuing.within(what, left), "issued_token_type": ACCESS_TOKEN}
        return self.answer(body)

    def _found(self, token: str) -> AccessToken:
        found = self.parts.provider.get_access(digest_of(token))
        if found is None or found.expires_at <= self.parts.clock():
            raise InvalidGrantError("the subject token is not good")
        if found.jkt is not None and found.jkt != self.request.jkt:
            raise InvalidGrantError("the subject token is bound to another DPoP key")
        return found

    def _scopes(self, subject: AccessToken) -> tuple[str, ...]:
        asked = self.request.payload.scope or " ".join(subject.scopes)
        if not set(asked.split()) <= set(subject.scopes):
            raise InvalidScopeError("the subject token does not hold these scopes")
        return self.issuing.scopes(asked, self.registered, subject.scopes)
