"""Nonces for DPoP proofs (RFC 9449, section 8), without anything stored."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

from ..digests import same

SLOT_SECONDS = 120
"""A new nonce each two minutes; the one before is still good."""


class Nonces:
    """Makes and checks nonces. Processes that share `key` accept each other's."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def fresh(self, now: float) -> str:
        """The nonce to give out now."""
        return self._of(int(now // SLOT_SECONDS))

    def good(self, nonce: str, now: float) -> bool:
        """Whether it was given out within the last two slots."""
        slot = int(now // SLOT_SECONDS)
        return same(nonce, self._of(slot)) or same(nonce, self._of(slot - 1))

    def _of(self, slot: int) -> str:
        mac = hmac.digest(self._key, b"dpop nonce %d" % slot, "sha256")
        return urlsafe_b64encode(mac[:18]).decode()
