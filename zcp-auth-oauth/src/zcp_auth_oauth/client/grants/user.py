"""A user logs in: the authorization code grant with PKCE (OAuth 2.1, section 4.1; MCP
2025-11-25 and 2026-07-28, basic/authorization).

Rules of this file:
- No login without PKCE by S256, and none with a server that does not say it knows that.
- The answer is for us if its state is ours, and from whom we asked if its `iss` says so, compared
  letter by letter (RFC 9207); both before anything else of it is looked at.
- Who we are: the client we were told to be, else our metadata document, else a registration.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from attrs import evolve, field, frozen

from ..discovery.metadata import IssuerMetadata
from ..errors import AuthorizationRefused, DiscoveryFailed, RegistrationFailed, TokenRefused, told
from ..finishing import finished
from ..redirect.contract import Landing, Redirect
from ..redirect.loopback import LoopbackRedirect
from ..session import ClientIdentity
from ..tokens.registering import register
from .contract import Errand, Obtained

log = logging.getLogger("zcp.oauth")

S256 = "S256"
OFFLINE = "offline_access"
NAME = "ZCP client"
UNKNOWN_CLIENT = frozenset({"invalid_client", "unauthorized_client"})


@frozen
class UserGrant:
    """A user logs in, in a browser.

    `redirect` is how the user gets there and back. `client` is one that was registered beforehand,
    at `issuer` if given; `client_metadata_url` is an https URL with this program's metadata (client
    ID metadata document); with neither, the program registers itself as `name`.
    """

    redirect: Redirect = field(factory=LoopbackRedirect)
    client: ClientIdentity | None = None
    client_metadata_url: str | None = None
    name: str = NAME
    issuer: str | None = None
    steps_up: bool = field(default=True, init=False)

    @property
    def is_bound(self) -> bool:
        return self.client is not None

    async def obtain(self, errand: Errand) -> Obtained:
        """Raises `OAuthError`: `AuthorizationRefused` if the user does not want to."""
        _check(errand.authority.issuer)
        errand = evolve(errand, scopes=_with_offline(errand))
        known = await self._known(errand)
        preferred = None if known is None else known.redirect_uri
        async with self.redirect.landing(preferred) as landing:
            client = await self._client(errand, known, landing.redirect_uri)
            try:
                return await self._login(errand, client, landing)
            except TokenRefused as refused:
                by_us = self.client is None and client.redirect_uri is not None
                if refused.error not in UNKNOWN_CLIENT or not by_us:
                    raise
                log.info("%s has forgotten this client", errand.authority.issuer.issuer)
            await errand.vault.forget_client(errand.authority.issuer.issuer)
            client = await self._client(errand, None, landing.redirect_uri)
            return await self._login(errand, client, landing)

    def completed(self, client: ClientIdentity) -> ClientIdentity:
        ours = self.client
        return ours if ours is not None and ours.client_id == client.client_id else client

    # -- who we are --------------------------------------------------------------------------------

    async def _known(self, errand: Errand) -> ClientIdentity | None:
        issuer = errand.authority.issuer
        if self.client is not None:
            return self.client
        if self.client_metadata_url is not None and issuer.client_documents:
            return ClientIdentity(self.client_metadata_url, method="none")
        found = await errand.vault.client(issuer.issuer)
        return None if found is None or found.expired(errand.clock()) else found

    async def _client(
        self, errand: Errand, known: ClientIdentity | None, redirect_uri: str
    ) -> ClientIdentity:
        if known is not None and known.redirect_uri in (None, redirect_uri):
            return known
        issuer = errand.authority.issuer
        try:
            found = await register(
                errand.web, issuer, self.name, redirect_uri, dpop=errand.prover is not None
            )
        except RegistrationFailed:
            if known is None:
                raise
            # It comes back to another port, which a server should not mind (RFC 8252, 7.3).
            return known
        await errand.vault.keep_client(issuer.issuer, found)
        return found

    # -- there and back ----------------------------------------------------------------------------

    async def _login(self, errand: Errand, client: ClientIdentity, landing: Landing) -> Obtained:
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        asked = _request(errand, client, landing.redirect_uri, verifier, state)
        issuer = errand.authority.issuer
        url = _with_query(str(issuer.authorization_endpoint), asked)
        code = _code(await landing.visit(url, state), state, issuer)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": landing.redirect_uri,
            "code_verifier": verifier,
            "resource": errand.authority.resource,
        }
        # A code is good once: what it brings must not be lost to a cancelled call.
        endpoint = errand.endpoint()
        tokens = await finished(lambda: endpoint.tokens(client, form, errand.scopes))
        return Obtained(client, tokens)


def _check(issuer: IssuerMetadata) -> None:
    if issuer.authorization_endpoint is None:
        raise DiscoveryFailed(f"{issuer.issuer} has no page for users to log in at")
    if S256 not in issuer.challenge_methods:
        raise DiscoveryFailed(
            f"{issuer.issuer} does not say that it protects logins by PKCE with S256 "
            "(code_challenge_methods_supported), so nobody is sent there"
        )


def _with_offline(errand: Errand) -> tuple[str, ...] | None:
    """The scopes, and that for a refresh token where there is one (MCP 2026-07-28, "Refresh
    Tokens"). Where none are named none is added: it would stand alone then."""
    known = errand.authority.issuer.scopes or ()
    if not errand.scopes or OFFLINE not in known or OFFLINE in errand.scopes:
        return errand.scopes
    return (*errand.scopes, OFFLINE)


def _request(
    errand: Errand, client: ClientIdentity, redirect_uri: str, verifier: str, state: str
) -> dict[str, str]:
    digest = sha256(verifier.encode()).digest()
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": S256,
        "state": state,
        "scope": errand.scope,
        "resource": errand.authority.resource,
        "dpop_jkt": None if errand.prover is None else errand.prover.thumbprint,
        # OpenID Connect Core, section 11: offline access is for a user who was asked.
        "prompt": "consent" if OFFLINE in (errand.scopes or ()) else None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _with_query(endpoint: str, asked: dict[str, str]) -> str:
    """The endpoint with the parameters added to those it has (RFC 6749, section 3.1)."""
    parts = urlsplit(endpoint)
    own = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in asked]
    return parts._replace(query=urlencode([*own, *asked.items()])).geturl()


def _code(url: str, state: str, issuer: IssuerMetadata) -> str:
    """The code in the answer. Raises `AuthorizationRefused`."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    answer: dict[str, Any] = dict(pairs)
    if len(answer) != len(pairs):
        raise AuthorizationRefused("the authorization server's answer says things twice")
    if not hmac.compare_digest(str(answer.get("state", "")).encode(), state.encode()):
        raise AuthorizationRefused("the answer is not to what this login asked: its state differs")
    named = answer.get("iss")
    if named is None and issuer.names_itself:
        raise AuthorizationRefused(
            f"the answer does not say that it is from {issuer.issuer}, which always says so "
            "(RFC 9207)"
        )
    if named is not None and named != issuer.issuer:
        raise AuthorizationRefused(
            f"the answer is from {told(named)!r}, not from {issuer.issuer!r} (RFC 9207)"
        )
    if "error" in answer:
        error = told(answer["error"])
        said = told(answer.get("error_description", ""))
        raise AuthorizationRefused(f"{issuer.issuer} refused: {error} {said}".rstrip(), error)
    if not answer.get("code"):
        raise AuthorizationRefused(f"{issuer.issuer} sent no code")
    return str(answer["code"])
