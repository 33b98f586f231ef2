"""Session ids that name the process that minted them, and cannot be made up.

An id is `worker.random.mac`: 64, 128 and 64 bits in base64url. The MAC (HMAC-SHA256, cut; RFC 2104)
is what keeps strangers from having requests passed on for sessions that never were.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256

__all__ = ["SessionIds"]

_MAC_BYTES = 8


class SessionIds:
    """Mints and reads ids with a secret all processes of the server have; `worker` is this one."""

    def __init__(self, worker: str, secret: bytes) -> None:
        self.worker = worker
        self._secret = secret

    def mint(self) -> str:
        """A new id of this process."""
        body = f"{self.worker}.{secrets.token_urlsafe(16)}"
        return f"{body}.{self._mac(body)}"

    def worker_of(self, session_id: str) -> str | None:
        """The process that minted it; None for an id that none of this server's processes did."""
        body, _, mac = session_id.rpartition(".")
        worker, dot, _ = body.partition(".")
        genuine = session_id.isascii() and hmac.compare_digest(mac, self._mac(body))
        return worker if dot and genuine else None

    def _mac(self, body: str) -> str:
        digest = hmac.digest(self._secret, body.encode("utf-8", "replace"), sha256)[:_MAC_BYTES]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
