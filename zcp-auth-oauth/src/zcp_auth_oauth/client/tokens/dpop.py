"""Proofs that a client holds the key its tokens are bound to (RFC 9449)."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from attrs import define, field
from joserfc import jwk, jwt

from ..discovery.urls import origin

ALGORITHM = "ES256"
NEW_NONCE = "use_dpop_nonce"
LONGEST_NONCE = 1024


@define(eq=False)
class Prover:
    """Signs proofs with one key, and keeps the last nonce of each server."""

    _key: Any = field(repr=False)
    _nonces: dict[str, str] = field(factory=dict[str, str], init=False, repr=False)

    @classmethod
    def new(cls) -> Prover:
        """With a key of its own."""
        return cls(jwk.ECKey.generate_key("P-256"))

    @classmethod
    def of(cls, private: Mapping[str, Any]) -> Prover:
        """With the key a `private` one was. Raises `ValueError`."""
        return cls(jwk.import_key(dict(private)))

    @property
    def private(self) -> dict[str, Any]:
        """The private JWK."""
        return dict(self._key.as_dict(private=True))

    @property
    def thumbprint(self) -> str:
        """That of RFC 7638."""
        return str(self._key.thumbprint())

    def proof(self, method: str, url: str, now: float, token: str | None = None) -> str:
        """A new proof for one request; `token` is the access token that goes with it."""
        public = dict(self._key.as_dict(private=False))
        public.pop("kid", None)
        header = {"alg": ALGORITHM, "typ": "dpop+jwt", "jwk": public}
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url.partition("#")[0].partition("?")[0],
            "iat": int(now),
        }
        if token is not None:
            digest = sha256(token.encode()).digest()
            claims["ath"] = urlsafe_b64encode(digest).rstrip(b"=").decode()
        nonce = self._nonces.get(origin(url))
        if nonce is not None:
            claims["nonce"] = nonce
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def outdated(self, proof: str | None, url: str) -> bool:
        """Whether a proof made now would hold another nonce than this one of ours does."""
        held = None if proof is None else jwt.decode(proof, self._key).claims.get("nonce")
        return self._nonces.get(origin(url)) != held

    def adopt(self, url: str, headers: Mapping[str, str]) -> bool:
        """Keep the nonce an answer brings; whether it is a new one (RFC 9449, section 8)."""
        nonce = headers.get("dpop-nonce")
        if not nonce or len(nonce) > LONGEST_NONCE or nonce == self._nonces.get(origin(url)):
            return False
        self._nonces[origin(url)] = nonce
        return True
