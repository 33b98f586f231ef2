"""Tokens, secrets, and what is stored of them."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

TOKEN_BYTES = 32
"""256 random bits: what is stored of a token needs no slow hash (RFC 6749, section 10.10)."""

ACCESS, REFRESH, CODE, SECRET, SESSION = "zcp_at_", "zcp_rt_", "zcp_ac_", "zcp_cs_", "zcp_bs_"
"""What tokens begin with, so that scanners find those that leaked."""


def new_token(prefix: str) -> str:
    """A token nobody can guess."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> bytes:
    """What is stored of a token: SHA-256, 32 bytes."""
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


def successor(token: str, salt: bytes) -> str:
    """The refresh token that replaces `token`.

    It follows from the token and a salt of its row, so that the answer to a rotation that was lost
    can be given once more although nothing but digests is stored: neither the row nor the token
    alone leads to it.
    """
    derived = hmac.digest(token.encode(), b"zcp refresh successor" + salt, "sha256")
    return REFRESH + urlsafe_b64encode(derived).rstrip(b"=").decode()


def same(one: bytes | str, other: bytes | str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
