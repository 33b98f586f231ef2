"""Keys, and tokens signed with them."""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from attrs import define, field
from joserfc import jwk, jwt


@define
class Key:
    """A key pair with an id."""

    algorithm: str = "ES256"
    kid: str = "k1"
    private: Any = field(default=None)

    def __attrs_post_init__(self) -> None:
        if self.private is None:
            made = {
                "E": lambda: jwk.ECKey.generate_key("P-256"),
                "R": lambda: jwk.RSAKey.generate_key(2048),
            }
            self.private = made[self.algorithm[0]]()

    @property
    def public(self) -> dict[str, Any]:
        return {**self.private.as_dict(private=False), "kid": self.kid}

    @property
    def bare(self) -> dict[str, Any]:
        return dict(self.private.as_dict(private=False))

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.public]}

    @property
    def thumbprint(self) -> str:
        return str(self.private.thumbprint())

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        fields = {"alg": self.algorithm, "kid": self.kid, **header}
        return jwt.encode(fields, claims, self.private, algorithms=[self.algorithm])

    def proof(self, method: str, url: str, token: str | None = None, **more: Any) -> str:
        """A DPoP proof (RFC 9449)."""
        claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": secrets.token_hex(8)}
        if token is not None:
            digest = sha256(token.encode()).digest()
            claims["ath"] = urlsafe_b64encode(digest).rstrip(b"=").decode()
        header = {"alg": self.algorithm, "typ": "dpop+jwt", "jwk": self.bare}
        claims.update(more)
        return jwt.encode(header, claims, self.private, algorithms=[self.algorithm])


def times(seconds: float = 300) -> dict[str, int]:
    now = int(time.time())
    return {"iat": now, "exp": int(now + seconds)}
