"""Seals what travels through clients' hands: authenticated encryption with rotating keys.

A sealed text is `version, key id, salt, ciphertext`. Each is encrypted under a key and nonce of its
own, derived from the secret and a random salt (HKDF-SHA256, RFC 5869), so that no number of
messages wears a key out; AES-256-GCM authenticates all of it and the binding.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cached_property

from zcp_kernel.errors import ConfigError

MIN_SECRET_BYTES = 16

_VERSION = b"\x01"
_KEY_ID, _SALT, _KEY, _NONCE = 4, 16, 32, 12
_HEAD = 1 + _KEY_ID + _SALT


class SecretKeyRing:
    """A `KeyRing` of secrets: the first seals, all open.

    Without secrets a random one is made, so what it sealed opens in this process alone, until it is
    given some to `use`. Raises `ConfigError` for a secret shorter than 16 bytes.
    """

    name = "memory"

    def __init__(self, given: Sequence[str] = ()) -> None:
        self.use(given)

    def use(self, given: Sequence[str]) -> None:
        """Seal and open with these secrets from now on."""
        self._secrets = [text.encode() for text in given] or [secrets.token_bytes(32)]
        if any(len(text) < MIN_SECRET_BYTES for text in self._secrets):
            raise ConfigError(f"[keys] secrets: each needs {MIN_SECRET_BYTES} bytes at least")
        self.__dict__.pop("_by_id", None)

    @cached_property
    def _by_id(self) -> dict[bytes, bytes]:
        """Secrets by the id of their keys; of two with one id the earlier."""
        return {_derived(each, b"key id", _KEY_ID): each for each in reversed(self._secrets)}

    def seal(self, data: bytes, binding: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        secret, salt = self._secrets[0], secrets.token_bytes(_SALT)
        head = _VERSION + _derived(secret, b"key id", _KEY_ID) + salt
        key, nonce = _message_key(secret, salt)
        return head + AESGCM(key).encrypt(nonce, data, head + binding)

    def unseal(self, sealed: bytes, binding: bytes) -> bytes | None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        head, body = sealed[:_HEAD], sealed[_HEAD:]
        secret = self._by_id.get(head[1 : 1 + _KEY_ID])
        if len(head) < _HEAD or head[:1] != _VERSION or secret is None:
            return None
        key, nonce = _message_key(secret, head[1 + _KEY_ID :])
        try:
            return AESGCM(key).decrypt(nonce, body, head + binding)
        except InvalidTag:
            return None


def _message_key(secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
    material = _derived(secret, b"message", _KEY + _NONCE, salt)
    return material[:_KEY], material[_KEY:]


def _derived(secret: bytes, purpose: bytes, length: int, salt: bytes | None = None) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = b"zcp key ring, " + purpose
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
