"""Tokens this server issued, looked up where they are kept."""

from __future__ import annotations

from zcp_kernel.security import AuthContext

from ..digests import digest_of
from ..models import AccessToken
from ..policy.resources import Resources
from ..providers.contract import OAuthProvider
from ..threads import Threads
from .liveness import Liveness
from .verifying import VerifiedToken, verified_token

LONGEST = 16_384


class OwnTokens:
    """Verifies opaque tokens and JWTs of this server alike: by the row of theirs."""

    def __init__(
        self,
        provider: OAuthProvider,
        liveness: Liveness[VerifiedToken],
        resources: Resources,
        threads: Threads,
        issuer: str,
    ) -> None:
        self._provider = provider
        self._liveness = liveness
        self._resources = resources
        self._threads = threads
        self._issuer = issuer

    async def verify(self, token: str, now: float) -> VerifiedToken | None:
        if len(token) > LONGEST:
            return None
        digest = digest_of(token)
        found = self._liveness.cached(digest)
        if found is None:
            found = await self._threads.run(self._look_up, digest)
        if found is None or (found.auth.expires_at or 0.0) <= now:
            return None
        return found

    def _look_up(self, digest: bytes) -> VerifiedToken | None:
        stored = self._provider.get_access(digest)
        if stored is None or not self._resources.good_here(stored.audience):
            return None
        found = verified_token(self._context(stored), stored.jkt, own=True)
        self._liveness.keep(digest, stored.grant_id, found)
        return found

    def _context(self, stored: AccessToken) -> AuthContext:
        return AuthContext(
            issuer=self._issuer,
            client_id=stored.client_id,
            subject=stored.subject,
            scopes=frozenset(stored.scopes),
            audience=stored.audience,
            expires_at=stored.expires_at,
            token_id=stored.digest.hex(),
            grant_id=stored.grant_id,
        )
