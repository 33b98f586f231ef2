"""The keys JWT access tokens are signed with: made, rotated, published."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from typing import Any

from attrs import frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwk, jwt
from zcp_kernel.errors import ConfigError

from ..models import SigningKey
from ..providers.contract import OAuthProvider

NONCE_BYTES = 12


@frozen
class Signer:
    """A key that signs now."""

    kid: str
    algorithm: str
    private: Any

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """A JWT of these claims; `typ` is what its header says it is."""
        header = {"alg": self.algorithm, "kid": self.kid, "typ": typ}
        return jwt.encode(header, dict(claims), self.private, algorithms=[self.algorithm])


class SigningKeys:
    """The signing keys of one authorization server, in its provider.

    Private keys are stored encrypted with `seal`, 32 bytes from configuration. A key signs for
    `rotation` seconds and is published for `overlap` seconds more, so that what it signed last can
    be verified until it ends.
    """

    def __init__(
        self,
        provider: OAuthProvider,
        seal: bytes,
        *,
        algorithm: str,
        rotation: float,
        overlap: float,
    ) -> None:
        self._provider = provider
        self._cipher = AESGCM(seal)
        self._algorithm = algorithm
        self._rotation = rotation
        self._overlap = overlap
        self._signer: Signer | None = None
        self._until = 0.0
        self._lock = threading.Lock()

    def signer(self, now: float) -> Signer:
        """The key to sign with; a new one is made when the last one's time is over. Raises
        `ConfigError` if the stored one cannot be opened."""
        with self._lock:
            if self._signer is None or now >= self._until:
                current = self._current(now) or self.rotate(now)
                self._signer, self._until = self._opened(current), current.retires_at
            return self._signer

    def rotate(self, now: float) -> SigningKey:
        """Make a new key, from now on the one that signs."""
        kid = secrets.token_urlsafe(8)
        private = _new_key(self._algorithm)
        public = {**private.as_dict(private=False), "kid": kid, "use": "sig"}
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = json.dumps(private.as_dict(private=True)).encode()
        sealed = nonce + self._cipher.encrypt(nonce, plain, kid.encode())
        retires = now + self._rotation
        key = SigningKey(
            kid, self._algorithm, {**public, "alg": self._algorithm}, sealed, now, retires,
            retires + self._overlap,
        )  # fmt: skip
        self._provider.save_key(key)
        self._until = 0.0
        return key

    def public(self) -> dict[str, Any]:
        """The JWK Set to publish (RFC 7517)."""
        return {"keys": [key.public for key in self._provider.list_keys()]}

    def _current(self, now: float) -> SigningKey | None:
        usable = [
            key
            for key in self._provider.list_keys()
            if key.algorithm == self._algorithm and key.created_at <= now < key.retires_at
        ]
        return usable[-1] if usable else None

    def _opened(self, key: SigningKey) -> Signer:
        nonce, data = key.sealed[:NONCE_BYTES], key.sealed[NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, data, key.kid.encode())
        except InvalidTag:
            raise ConfigError(
                f"the signing key {key.kid} was sealed with another secret: give the first of "
                "[keys] secrets it was made with, or 'zcp oauth keys rotate' for a new one"
            ) from None
        return Signer(key.kid, key.algorithm, jwk.import_key(json.loads(plain)))


def _new_key(algorithm: str) -> Any:
    if algorithm == "ES256":
        return jwk.ECKey.generate_key("P-256")
    if algorithm == "EdDSA":
        return jwk.OKPKey.generate_key("Ed25519")
    return jwk.RSAKey.generate_key(2048)
