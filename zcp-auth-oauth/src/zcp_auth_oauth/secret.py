"""The server's own secret, for what travels through browsers and for its signing keys."""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from zcp_kernel.config import ServerConfig

SEAL_BYTES = 32


def seal_of(config: ServerConfig) -> bytes:
    """32 bytes: derived from the first of `[keys] secrets`, which processes of one service share;
    random without any."""
    configured: tuple[str, ...] = config.section("keys").secrets
    if not configured:
        return secrets.token_bytes(SEAL_BYTES)
    return derived(configured[0])


def derived(secret: str) -> bytes:
    """32 bytes of a configured secret, for authorization alone."""
    kdf = HKDF(algorithm=SHA256(), length=SEAL_BYTES, salt=None, info=b"zcp oauth seal")
    return kdf.derive(secret.encode())
