"""The client credentials grant (RFC 6749, section 4.4): a client acts for itself."""

from __future__ import annotations

import secrets

from ..issuing import Entitlement
from ..toolkit import ClientCredentialsGrant
from .base import PROVEN_METHODS, Answer, OurGrant


class CredentialsGrant(OurGrant, ClientCredentialsGrant):
    """A token of a client's own; never for one that proves nothing."""

    TOKEN_ENDPOINT_AUTH_METHODS = PROVEN_METHODS

    def validate_requested_scope(self) -> None:
        """Scopes are decided with the token."""

    def create_token_response(self) -> Answer:
        client = self.registered
        self.issuing.check_proof(client, self.request.jkt)
        asked = self.request.payload.scope
        if not asked and client.scopes is not None:
            asked = " ".join(client.scopes)
        what = Entitlement(
            client,
            secrets.token_urlsafe(16),
            None,
            self.issuing.scopes(asked, client),
            self.accepted(self.request.payload.all("resource")),
            self.request.jkt,
        )
        return self.answer(self.issuing.for_itself(what))
