"""What tells a request another process of this server passed on."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..wire import Headers

__all__ = ["VOUCHED", "is_vouched"]

VOUCHED = "x-zcp-vouched-for"
"""The header field with the secret only this server's processes have: who sends it has counted the
request already."""


def is_vouched(headers: Headers, secret: str | None) -> bool:
    """Whether a process of this server, which has this secret, passed the request on."""
    presented = headers.get(VOUCHED)
    if presented is None or secret is None:
        return False
    return compare_digest(presented.encode(), secret.encode())
