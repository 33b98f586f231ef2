"""The authorization server as authlib's core, on our storage and policy. Synchronous: everything
here runs in a worker thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..dpop.proofs import ProofInvalid
from .assertions import ClientAssertions
from .clients import Clients, KnownClient
from .grants.assertion import AssertionGrant
from .grants.code import S256, CodeGrant
from .grants.credentials import CredentialsGrant
from .grants.exchange import ExchangeGrant
from .grants.refresh import RefreshGrant
from .issuing import Issuing
from .parts import Parts
from .requests import NO_STORE, CoreRequest, CoreResponse
from .telling import Introspection, Revocation
from .toolkit import AuthorizationServer, DPoPError, OAuth2Error, plain

Pairs = Iterable[tuple[str, str]]


class Core(AuthorizationServer):
    """The token, revocation and introspection endpoints, and what the authorization endpoint asks
    before it shows a page. Headers are by their usual names, such as `Authorization`."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts
        self.clients = Clients(parts)
        self.issuing = Issuing(parts)
        self.register_grant(CodeGrant, [S256()])
        for grant in (RefreshGrant, CredentialsGrant, AssertionGrant, ExchangeGrant):
            self.register_grant(grant)
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)
        self.register_client_auth_method("private_key_jwt", ClientAssertions(parts, self.clients))

    # -- endpoints ---------------------------------------------------------------------------------

    def token(self, pairs: Pairs, headers: Mapping[str, str]) -> CoreResponse:
        """RFC 6749, section 3.2; RFC 9449, section 5."""
        request = CoreRequest("POST", pairs, headers)
        try:
            request.payload.check()
            request.jkt = self._proven(headers)
        except OAuth2Error as error:
            return self._with_nonce(self.failed(error))
        answer = self.create_token_response(request)
        return self._with_nonce(answer) if request.jkt is not None else answer

    def revoke(self, pairs: Pairs, headers: Mapping[str, str]) -> CoreResponse:
        """RFC 7009."""
        return self._endpoint("revocation", pairs, headers)

    def introspect(self, pairs: Pairs, headers: Mapping[str, str]) -> CoreResponse:
        """RFC 7662."""
        return self._endpoint("introspection", pairs, headers)

    def _endpoint(self, name: str, pairs: Pairs, headers: Mapping[str, str]) -> CoreResponse:
        request = CoreRequest("POST", pairs, headers)
        try:
            request.payload.check()
        except OAuth2Error as error:
            return self.failed(error)
        answer: CoreResponse = self.create_endpoint_response(name, request)
        return answer

    def failed(self, error: OAuth2Error) -> CoreResponse:
        """An error as JSON (RFC 6749, section 5.2)."""
        headers = [pair for pair in error.get_headers() if pair[0] == "WWW-Authenticate"]
        body = {name: value for name, value in error.get_body() if name != "state"}
        return CoreResponse(error.status_code, body, (*headers, *NO_STORE))

    # -- proofs ------------------------------------------------------------------------------------

    def _proven(self, headers: Mapping[str, str]) -> str | None:
        """The key a DPoP proof shows, None if there is none. Raises `DPoPError`."""
        proof = headers.get("DPoP")
        if proof is None:
            return None
        try:
            return self.parts.proofs.thumbprint(
                proof, method="POST", url=self.parts.endpoint("token"), now=self.parts.clock()
            )
        except ProofInvalid as invalid:
            raise DPoPError(invalid.error, plain(str(invalid))) from None

    def _with_nonce(self, answer: CoreResponse) -> CoreResponse:
        nonces = self.parts.proofs.nonces
        if nonces is None:
            return answer
        nonce = ("DPoP-Nonce", nonces.fresh(self.parts.clock()))
        return CoreResponse(answer.status, answer.body, (*answer.headers, nonce))

    # -- what authlib asks of a server -------------------------------------------------------------

    def query_client(self, client_id: str) -> KnownClient | None:
        return self.clients.known(client_id)

    def create_oauth2_request(self, request: CoreRequest) -> CoreRequest:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> CoreResponse:
        kept = [pair for pair in headers if pair[0] in ("WWW-Authenticate", "Location")]
        told: dict[str, Any] = dict(body or {})
        return CoreResponse(status, told, (*kept, *NO_STORE))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""
