"""Checking a DPoP proof (RFC 9449, section 4.3)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, cast
from urllib.parse import urlsplit

from joserfc import jwk

from ..config import ALGORITHMS
from ..digests import digest_of, same
from ..jose.verify import TokenInvalid, number, peek, verified
from .nonces import Nonces

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

FirstUse = Callable[[str, bytes, float, float], bool]
"""`OAuthProvider.first_use`."""


class ProofInvalid(Exception):
    """The proof proves nothing. `error` is the code of RFC 9449: `invalid_dpop_proof`, or
    `use_dpop_nonce` when a fresh nonce would help."""

    def __init__(self, message: str, error: str = "invalid_dpop_proof") -> None:
        super().__init__(message)
        self.error = error


class Proofs:
    """Checks proofs of one server; each is good once. `nonces` None: proofs need none."""

    def __init__(self, first_use: FirstUse, seconds: float, nonces: Nonces | None = None) -> None:
        self._first_use = first_use
        self._seconds = seconds
        self.nonces = nonces

    def thumbprint(
        self, proof: str, *, method: str, url: str, now: float, token: str | None = None
    ) -> str:
        """The thumbprint (RFC 7638) of the key that `proof` shows to be the client's.

        `token` is the access token it came with. Raises `ProofInvalid`.
        """
        key, claims = self._signed(proof)
        if claims.get("htm") != method:
            raise ProofInvalid("htm is another method")
        if not _same_target(str(claims.get("htu")), url):
            raise ProofInvalid("htu is another URL")
        issued = number(claims.get("iat"))
        if issued is None or abs(now - issued) > self._seconds:
            raise ProofInvalid("iat is too far from now")
        if token is not None:
            expected = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=")
            if not same(str(claims.get("ath")), expected):
                raise ProofInvalid("ath is another token")
        self._check_nonce(claims.get("nonce"), now)
        thumbprint = _thumbprint(key)
        self._check_first(thumbprint, claims.get("jti"), now)
        return thumbprint

    def _signed(self, proof: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
        try:
            header, _ = peek(proof)
            key = header.get("jwk")
            if not isinstance(key, dict) or PRIVATE_MEMBERS & cast("dict[str, Any]", key).keys():
                raise ProofInvalid("jwk must be a public key")
            public = cast("dict[str, Any]", {**key})
            public.pop("kid", None)
            return public, verified(proof, [public], ALGORITHMS, types=("dpop+jwt",))
        except TokenInvalid as error:
            raise ProofInvalid(str(error)) from None

    def _check_nonce(self, nonce: object, now: float) -> None:
        if self.nonces is None:
            return
        if not isinstance(nonce, str) or not self.nonces.good(nonce, now):
            raise ProofInvalid("a fresh nonce is needed", "use_dpop_nonce")

    def _check_first(self, thumbprint: str, jti: object, now: float) -> None:
        if not isinstance(jti, str) or not 0 < len(jti) <= 512:
            raise ProofInvalid("jti is missing")
        until = now + 2 * self._seconds
        if not self._first_use("dpop", digest_of(f"{thumbprint} {jti}"), now, until):
            raise ProofInvalid("this proof was used before")


def _thumbprint(key: Mapping[str, Any]) -> str:
    try:
        return jwk.import_key(dict(key)).thumbprint()
    except ValueError:
        raise ProofInvalid("jwk is no key") from None


_AS_HTTP = {"ws": "http", "wss": "https"}
"""An opening handshake is a request of HTTP (RFC 6455, section 4.1)."""


def _same_target(stated: str, url: str) -> bool:
    """Whether two URLs are equal but for query and fragment, and the case of their host."""
    return _normal(stated) == _normal(url)


def _normal(url: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(url)
        scheme = _AS_HTTP.get(parts.scheme, parts.scheme)
        port = parts.port or {"https": 443, "http": 80}.get(scheme)
        return scheme, (parts.hostname or "").lower(), port, parts.path or "/"
    except ValueError:
        return None
