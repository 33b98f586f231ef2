"""`private_key_jwt`: a client proves itself with a signature (RFC 7523, section 2.2)."""

from __future__ import annotations

from typing import Any

from ..config import ALGORITHMS
from ..digests import digest_of
from ..fetch.guard import FetchRefused
from ..jose.verify import (
    TokenInvalid,
    audience_of,
    candidates,
    check_times,
    number,
    peek,
    verified,
)
from ..models import OAuthClient
from .clients import Clients, KnownClient
from .parts import Parts
from .requests import CoreRequest
from .toolkit import InvalidClientError, plain

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LEEWAY_SECONDS = 30.0
LONGEST_LIFE_SECONDS = 3600.0


class ClientAssertions:
    """Verifies client assertions; each is good once."""

    def __init__(self, parts: Parts, clients: Clients) -> None:
        self._parts = parts
        self._clients = clients

    def __call__(self, query_client: Any, request: CoreRequest) -> KnownClient | None:
        """The client that signed the request's assertion; None if it has none. Raises
        `InvalidClientError`."""
        form = request.form
        assertion = form.get("client_assertion")
        if assertion is None or form.get("client_assertion_type") != ASSERTION_TYPE:
            return None
        try:
            client = self._signed(assertion)
        except (TokenInvalid, FetchRefused) as error:
            raise InvalidClientError(plain(f"the client assertion: {error}")) from None
        if form.get("client_id", client.client_id) != client.client_id:
            raise InvalidClientError("client_id is another client")
        return KnownClient(client, self._parts.clock())

    def _signed(self, assertion: str) -> OAuthClient:
        header, unverified = peek(assertion)
        name = unverified.get("sub")
        client = self._clients.find(name) if isinstance(name, str) else None
        if client is None:
            raise TokenInvalid("there is no such client")
        keys = self._clients.jwks(client)
        if not candidates(keys, _algorithm(header), header.get("kid")):
            keys = self._clients.jwks(client, newer_than=self._parts.documents.clock())
        claims = verified(assertion, keys, ALGORITHMS)
        now = self._parts.clock()
        check_times(claims, now, LEEWAY_SECONDS)
        if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
            raise TokenInvalid("iss and sub must be the client")
        ours = {self._parts.issuer, self._parts.endpoint("token")}
        audience = audience_of(claims)
        if len(audience) != 1 or audience[0] not in ours:
            raise TokenInvalid("it was made for somebody else")
        self._check_first(client, claims, now)
        return client

    def _check_first(self, client: OAuthClient, claims: dict[str, Any], now: float) -> None:
        expires, jti = number(claims.get("exp")), claims.get("jti")
        if expires is None or expires > now + LONGEST_LIFE_SECONDS:
            raise TokenInvalid("it lives too long")
        if not isinstance(jti, str):
            raise TokenInvalid("it has no jti")
        seen = digest_of(f"{client.client_id} {jti}")
        until = expires + LEEWAY_SECONDS
        if not self._parts.provider.first_use("assertion", seen, now, until):
            raise TokenInvalid("it was used before")


def _algorithm(header: dict[str, Any]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenInvalid("its algorithm is not accepted")
    return algorithm
