"""The authorization code grant (RFC 6749, section 4.1), with PKCE by S256 alone (RFC 7636)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from attrs import frozen

from ...digests import digest_of, same
from ...models import AuthorizationCode
from ..toolkit import (
    AuthorizationCodeGrant,
    CodeChallenge,
    InvalidGrantError,
    InvalidRequestError,
)
from .base import Answer, OurGrant

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@frozen
class _Presented:
    """A stored code, as authlib's grant asks it."""

    code: AuthorizationCode

    def get_redirect_uri(self) -> str | None:
        return self.code.redirect_uri if self.code.redirect_uri_given else None


class S256(CodeChallenge):
    """Every request has a challenge, and none is `plain`: so none can be taken away either."""

    def __call__(self, grant: Any) -> None:
        grant.register_hook(
            "after_validate_authorization_request_payload", self.validate_code_challenge
        )

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        data: dict[str, str] = grant.request.payload.data
        challenge = data.get("code_challenge")
        if challenge is None:
            raise InvalidRequestError("code_challenge is missing: PKCE is required")
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("code_challenge_method must be S256")
        if not _CHALLENGE.fullmatch(challenge):
            raise InvalidRequestError("code_challenge is no S256 challenge")


class CodeGrant(OurGrant, AuthorizationCodeGrant):
    """Exchanges a code for tokens. The code is used up by the first request of its client, also by
    one that fails: a second guess at the verifier is never taken."""

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Any) -> str:
        """authlib's, with a message that repeats nothing a stranger wrote."""
        named: str | None = request.payload.redirect_uri
        if named is not None and not client.check_redirect_uri(named):
            raise InvalidRequestError("the redirect URI is not one this client registered")
        uri: str | None = named or client.get_default_redirect_uri()
        if uri is None:
            raise InvalidRequestError("the redirect URI is missing")
        return uri

    def validate_requested_scope(self) -> None:
        """Scopes are decided with the user, on the consent page."""

    def query_authorization_code(self, code: str, client: Any) -> _Presented | None:
        now = self.parts.clock()
        use = self.parts.provider.consume_code(digest_of(code), client.client_id, now)
        return None if use.code is None else _Presented(use.code)

    def create_token_response(self) -> Answer:
        code: AuthorizationCode = self.request.authorization_code.code
        self._check_verifier(code)
        if code.jkt is not None and code.jkt != self.request.jkt:
            raise InvalidGrantError("the code is bound to another DPoP key")
        self.issuing.check_proof(self.registered, self.request.jkt)
        self.narrowed(code.resources)
        return self.answer(self.issuing.for_code(self.registered, code, self.request.jkt))

    def _check_verifier(self, code: AuthorizationCode) -> None:
        verifier = self.request.form.get("code_verifier")
        if verifier is None or not _VERIFIER.fullmatch(verifier):
            raise InvalidGrantError("code_verifier is missing or malformed")
        derived = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
        if not same(derived, code.code_challenge):
            raise InvalidGrantError("code_verifier does not fit the challenge")
