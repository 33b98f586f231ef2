"""What keeps logins: texts by key. Both hold secrets, or tell whom a user deals with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class TokenStorage(Protocol):
    """Keeps texts (JSON of some kilobytes) by key (at most 2,000 characters). Used by several tasks
    at once. All raise `OAuthError` when the place cannot be used."""

    async def get(self, key: str) -> str | None:
        """The text, None if there is none."""
        ...

    async def set(self, key: str, text: str) -> None:
        """Keep a text, instead of one that is there; as a whole or not at all."""
        ...

    async def delete(self, key: str) -> bool:
        """Forget a text; whether there was one."""
        ...

    async def keys(self) -> Sequence[str]:
        """All keys; empty for a place that cannot tell."""
        ...

    def exclusive(self, key: str) -> AbstractAsyncContextManager[None]:
        """While this key is ours, among all who use the place, other processes included: a refresh
        token is good once. Not to be entered twice by one task."""
        ...
