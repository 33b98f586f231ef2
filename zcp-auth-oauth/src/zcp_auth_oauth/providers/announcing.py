"""A provider that says when it may have revoked something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .contract import OAuthProvider

REVOKING = frozenset(
    {
        "consume_code",
        "delete_client",
        "delete_user",
        "revoke_access",
        "revoke_grant",
        "revoke_subject",
        "rotate_refresh",
    }
)
"""Methods after which there may be a new revocation."""


class Announcing:
    """`provider`, and after each method that may revoke, `changed` is called in its thread: before
    whoever asked for the revocation is answered."""

    def __init__(self, provider: OAuthProvider, changed: Callable[[], None]) -> None:
        self._provider = provider
        self._changed = changed

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._provider, name)
        if name not in REVOKING:
            return member

        def announced(*args: Any, **kwargs: Any) -> Any:
            try:
                return member(*args, **kwargs)
            finally:
                self._changed()

        return announced


def announcing(provider: OAuthProvider, changed: Callable[[], None]) -> OAuthProvider:
    """`provider`, announcing."""
    wrapped: Any = Announcing(provider, changed)
    if TYPE_CHECKING:
        assert isinstance(wrapped, OAuthProvider)
    found: OAuthProvider = wrapped
    return found
