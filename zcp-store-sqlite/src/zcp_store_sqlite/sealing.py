"""What tasks were given and what came of them, sealed at rest (AES-256-GCM, NIST SP 800-38D).

What is sealed begins with a byte no JSON begins with; so a file holds what was written before there
was a key beside what was written since.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

from zcp_kernel.errors import ConfigError

from .database import StoreError

__all__ = ["Clear", "Sealing", "sealing"]

MARK = b"\x01"
NONCE_BYTES = 12
NAME_BYTES = 4
MIN_KEY = 16


class Clear:
    """No key is configured: what is written can be read by whoever reads the file."""

    def seal(self, data: bytes, task_id: str) -> bytes:
        return data

    def open(self, stored: bytes, task_id: str) -> bytes:
        """Raises `StoreError` for what was sealed."""
        if stored.startswith(MARK):
            raise StoreError(
                f"store:sealed: task {task_id} was stored sealed: set [store] key to the key it "
                "was sealed with"
            )
        return stored


class Sealing(Clear):
    """Seals with the first key, opens with all. What is sealed for one task opens for no other."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises `ConfigError` for a key that is too short, or without `cryptography`."""
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise ConfigError(
                "[store] key needs the package cryptography: pip install zcp-store-sqlite[sealing]"
            ) from None
        if any(len(key) < MIN_KEY for key in keys):
            raise ConfigError(f"[store] key: at least {MIN_KEY} random characters")
        secrets = [hashlib.sha256(b"zcp store\0" + key.encode()).digest() for key in keys]
        names = [hashlib.sha256(b"name\0" + secret).digest()[:NAME_BYTES] for secret in secrets]
        self._ciphers: dict[bytes, Any] = {
            name: AESGCM(secret) for name, secret in zip(names, secrets, strict=True)
        }
        self._name = names[0]

    def seal(self, data: bytes, task_id: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        sealed: bytes = self._ciphers[self._name].encrypt(nonce, data, task_id.encode())
        return MARK + self._name + nonce + sealed

    def open(self, stored: bytes, task_id: str) -> bytes:
        """Raises `StoreError` for what none of the keys opens."""
        if not stored.startswith(MARK):
            return stored
        from cryptography.exceptions import InvalidTag

        start = len(MARK) + NAME_BYTES
        cipher = self._ciphers.get(stored[len(MARK) : start])
        nonce, sealed = stored[start : start + NONCE_BYTES], stored[start + NONCE_BYTES :]
        if cipher is not None:
            try:
                opened: bytes = cipher.decrypt(nonce, sealed, task_id.encode())
                return opened
            except InvalidTag:
                raise StoreError(f"store:sealed: task {task_id} was changed in the file") from None
        raise StoreError(
            f"store:sealed: task {task_id} was sealed with a key that is not configured: add it to "
            "[store] former_keys"
        )


def sealing(key: str | None, former_keys: Sequence[str] = ()) -> Clear:
    """Raises `ConfigError`."""
    if key is None:
        if former_keys:
            raise ConfigError("[store] former_keys: name the key in force in [store] key")
        return Clear()
    return Sealing([key, *former_keys])
