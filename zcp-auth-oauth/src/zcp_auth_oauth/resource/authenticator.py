"""Who presents a token (RFC 6750), and proves its key where it has one (RFC 9449)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from zcp_kernel.security import (
    Challenge,
    Credentials,
    CredentialsRefused,
    Principal,
    RequestFacts,
)

from ..config import ALGORITHMS
from ..dpop.proofs import ProofInvalid, Proofs
from ..threads import Threads
from .metadata import ResourceMetadata
from .verifying import VerifiedToken, Verifier

_DPOP_ERRORS = frozenset({"use_dpop_nonce", "invalid_dpop_proof"})


class TokenAuthenticator:
    """Lets in who presents a token that one of `verifiers` vouches for.

    A token bound to a key is good only with a proof of that key, and never as a mere bearer token.
    `initial_scopes` are what a client without a good token is told to ask for.
    """

    schemes = ("bearer", "dpop")

    def __init__(
        self,
        name: str,
        verifiers: Sequence[Verifier],
        proofs: Proofs,
        metadata: ResourceMetadata,
        threads: Threads,
        *,
        dpop_required: bool = False,
        initial_scopes: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._verifiers = tuple(verifiers)
        self._proofs = proofs
        self._metadata = metadata
        self._threads = threads
        self._dpop_required = dpop_required
        self._initial = {"scope": " ".join(initial_scopes)} if initial_scopes else {}
        self._clock = clock

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        now = self._clock()
        token = credentials.value
        if not token or " " in token:
            return None
        for verifier in self._verifiers:
            found = await verifier.verify(token, now)
            if found is None:
                continue
            if credentials.scheme == "bearer" and found.jkt is None and not self._dpop_required:
                return found.principal
            try:
                await self._check_binding(found, credentials, now)
            except CredentialsRefused:
                if credentials.request is not None:
                    raise
                # Whoever gives no request cannot tell its client what was wrong with one.
                return None
            return found.principal
        return None

    async def _check_binding(
        self, found: VerifiedToken, credentials: Credentials, now: float
    ) -> None:
        """Raises `CredentialsRefused` unless a token that is bound, or must be, came with a proof
        of its key."""
        if credentials.scheme == "bearer":
            raise CredentialsRefused("invalid_token", "this token needs a DPoP proof")
        if found.jkt is None:
            raise CredentialsRefused("invalid_token", "this token is bound to no key: use Bearer")
        request = credentials.request
        proof = None if request is None else request.headers.get("dpop")
        if request is None or proof is None:
            raise CredentialsRefused("invalid_dpop_proof", "the header DPoP is missing")
        try:
            jkt = await self._threads.run(
                self._proofs.thumbprint,
                proof,
                method=request.method,
                url=self._metadata.target_for(request.path),
                now=now,
                token=credentials.value,
            )
        except ProofInvalid as invalid:
            raise CredentialsRefused(invalid.error, f"the DPoP proof: {invalid}") from None
        if jkt != found.jkt:
            raise CredentialsRefused("invalid_token", "the token is bound to another key")

    def challenge(self, error: str | None = None) -> Challenge:
        return self.challenges_for(error, None)[0]

    def challenges_for(
        self, error: str | None, request: RequestFacts | None
    ) -> Sequence[Challenge]:
        """What to present, and where to learn how to get it (RFC 9728, section 5.1); for which
        scopes to begin with (RFC 6750, section 3)."""
        where = self._metadata.url_for(request.path if request else "")
        about = {"resource_metadata": where, **self._initial}
        told = {} if error is None else {"error": error}
        bearer = Challenge("Bearer", {**(told if error not in _DPOP_ERRORS else {}), **about})
        if not (self._dpop_required or error in _DPOP_ERRORS or _came_by_dpop(request)):
            return [bearer]
        algorithms = {"algs": " ".join(ALGORITHMS)}
        nonces = self._proofs.nonces
        fields = {} if nonces is None else {"DPoP-Nonce": nonces.fresh(self._clock())}
        dpop = Challenge("DPoP", {**told, **algorithms, **about}, fields)
        return [dpop] if self._dpop_required else [dpop, bearer]


def _came_by_dpop(request: RequestFacts | None) -> bool:
    return request is not None and request.headers.get("authorization", "")[:5].lower() == "dpop "
