"""Tokens of other issuers: JWTs by their keys, opaque ones by asking (RFC 7519, RFC 7662)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus, urlencode

from attrs import frozen
from zcp_kernel.security import AuthContext

from ..config import ResourceServerConfig, TrustedIssuer
from ..digests import digest_of
from ..fetch.cache import DocumentCache
from ..fetch.guard import FetchRefused
from ..fetch.https import Fetcher
from ..jose.issuers import keys_of
from ..jose.verify import TokenInvalid, audience_of, check_times, number, peek
from ..policy.resources import Resources
from ..shapes import members_of, strings_of
from ..threads import Threads
from .verifying import VerifiedToken, verified_token

TYPES = ("at+jwt", "jwt", "")
"""What an access token's header may say it is: many issuers know nothing of RFC 9068."""

MOST_CACHED = 10_000
VERIFIED_SECONDS = 30.0


class _Recent:
    """Tokens verified lately, by digest."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[bytes, tuple[float, VerifiedToken]] = {}

    def get(self, digest: bytes, now: float) -> VerifiedToken | None:
        entry = self._known.get(digest)
        return entry[1] if entry is not None and now < entry[0] else None

    def keep(self, digest: bytes, found: VerifiedToken, now: float) -> None:
        if len(self._known) >= MOST_CACHED:
            del self._known[next(iter(self._known))]
        until, ends = now + self._seconds, found.auth.expires_at
        self._known[digest] = (until if ends is None else min(ends, until), found)


class IssuedJWTs:
    """Verifies JWTs of the issuers configured, each with its own algorithms and keys."""

    def __init__(
        self,
        settings: ResourceServerConfig,
        documents: DocumentCache,
        resources: Resources,
        threads: Threads,
    ) -> None:
        self._issuers = {each.issuer: each for each in settings.issuers}
        self._leeway = settings.leeway_seconds
        self._documents = documents
        self._resources = resources
        self._threads = threads
        self._recent = _Recent(VERIFIED_SECONDS)

    async def verify(self, token: str, now: float) -> VerifiedToken | None:
        digest = digest_of(token)
        found = self._recent.get(digest, now)
        if found is not None:
            return found
        try:
            _, claims = peek(token)
            issuer = self._issuers.get(str(claims.get("iss")))
            if issuer is None:
                return None
            found = await self._threads.run(self._verified, token, issuer, now)
        except (TokenInvalid, FetchRefused):
            return None
        self._recent.keep(digest, found, now)
        return found

    def _verified(self, token: str, issuer: TrustedIssuer, now: float) -> VerifiedToken:
        keys = keys_of(issuer, self._documents)
        claims = keys.claims(token, issuer.algorithms, types=TYPES)
        check_times(claims, now, self._leeway)
        if claims.get("iss") != issuer.issuer:
            raise TokenInvalid("it is of another issuer")
        return _token(claims, issuer.issuer, self._resources)


@frozen
class Introspected:
    """Verifies opaque tokens by asking their issuer."""

    settings: ResourceServerConfig
    fetcher: Fetcher
    resources: Resources
    threads: Threads
    recent: _Recent

    @classmethod
    def of(
        cls,
        settings: ResourceServerConfig,
        fetcher: Fetcher,
        resources: Resources,
        threads: Threads,
    ) -> Introspected:
        return cls(settings, fetcher, resources, threads, _Recent(settings.cache_seconds))

    async def verify(self, token: str, now: float) -> VerifiedToken | None:
        digest = digest_of(token)
        found = self.recent.get(digest, now)
        if found is not None:
            return found
        try:
            found = await self.threads.run(self._asked, token, now)
        except (TokenInvalid, FetchRefused):
            return None
        self.recent.keep(digest, found, now)
        return found

    def _asked(self, token: str, now: float) -> VerifiedToken:
        settings = self.settings
        assert settings.introspection_url is not None
        assert settings.introspection_issuer is not None
        pair = f"{quote_plus(settings.client_id or '')}:{quote_plus(settings.client_secret or '')}"
        headers = {"authorization": "Basic " + b64encode(pair.encode()).decode()}
        body = urlencode({"token": token, "token_type_hint": "access_token"}).encode()
        claims = self.fetcher.post(settings.introspection_url, body, headers).value
        if claims.get("active") is not True:
            raise TokenInvalid("it is not active")
        if claims.get("iss", settings.introspection_issuer) != settings.introspection_issuer:
            raise TokenInvalid("it is of another issuer")
        check_times({"exp": now + settings.cache_seconds + 1, **claims}, now, 0.0)
        return _token(claims, settings.introspection_issuer, self.resources)


def _token(claims: dict[str, Any], issuer: str, resources: Resources) -> VerifiedToken:
    audience = audience_of(claims)
    if not resources.good_here(audience):
        raise TokenInvalid("it was made for another resource")
    subject, client = claims.get("sub"), claims.get("client_id", claims.get("azp"))
    if not isinstance(subject, str):
        raise TokenInvalid("it names no subject")
    jkt = members_of(claims.get("cnf")).get("jkt")
    if claims.get("cnf") is not None and not isinstance(jkt, str):
        raise TokenInvalid("it is bound to something we cannot check")
    auth = AuthContext(
        issuer=issuer,
        client_id=str(client) if client is not None else None,
        subject=subject,
        scopes=frozenset(_scopes(claims)),
        audience=audience,
        expires_at=number(claims.get("exp")),
        token_id=None,
        claims=claims,
    )
    return verified_token(auth, jkt, own=False, claims=claims)


def _scopes(claims: dict[str, Any]) -> Sequence[str]:
    """`scope` (RFC 9068), or `scp` as some issuers call it; words, or a list."""
    stated = claims.get("scope", claims.get("scp"))
    return stated.split() if isinstance(stated, str) else strings_of(stated)
