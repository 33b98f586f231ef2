"""Which tokens were revoked, as soon as anybody can know.

Rules of this file:
- In the process that revokes, the revocation is known before it is answered.
- Other processes look every `POLL_SECONDS`; what is cached counts only while they do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from attrs import define
from zcp_kernel.security import AuthContext

from ..models import Revocation
from ..providers.contract import OAuthProvider

POLL_SECONDS = 0.25
TRUSTED_SECONDS = 0.75
"""How long after the last look the cache still counts: with a poll's own time, less than the second
in which every process must know."""

MOST_CACHED = 10_000
MOST_REMEMBERED = 100_000

V = TypeVar("V")


@define
class _Cached(Generic[V]):
    value: V
    grant_id: str


class Liveness(Generic[V]):
    """Follows the revocations of one provider, and caches what is known of tokens by digest.

    Thread-safe. `listeners` are called with each lot of new revocations, in the thread that found
    them. `clock` gives seconds that never go back.
    """

    def __init__(
        self, provider: OAuthProvider, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._lock = threading.Lock()
        self._last: int | None = None
        self._looked = float("-inf")
        self._cache: dict[bytes, _Cached[V]] = {}
        self._grants: dict[str, None] = {}
        self._tokens: dict[bytes, None] = {}
        self.listeners: list[Callable[[Sequence[Revocation]], Any]] = []

    @property
    def current(self) -> bool:
        """Whether a look was taken lately enough for the cache to count."""
        return self._clock() - self._looked < TRUSTED_SECONDS

    def look(self) -> None:
        """Learn of every revocation up to now; blocks on the provider."""
        with self._lock:
            begun = self._clock()
            fresh = self._fresh()
            for revocation in fresh:
                self._learn(revocation)
            self._looked = begun
        if fresh:
            for listener in list(self.listeners):
                listener(fresh)

    def cached(self, digest: bytes) -> V | None:
        """What is known of a token, if that still counts."""
        found = self._cache.get(digest)
        return found.value if found is not None and self.current else None

    def keep(self, digest: bytes, grant_id: str, value: V) -> None:
        """Remember what is known of a token that was just looked up."""
        with self._lock:
            if digest in self._tokens or grant_id in self._grants:
                return
            if len(self._cache) >= MOST_CACHED:
                del self._cache[next(iter(self._cache))]
            self._cache[digest] = _Cached(value, grant_id)

    def revoked(self, auth: AuthContext) -> bool:
        """Whether the token of an open session was revoked, as far as is known."""
        if auth.grant_id in self._grants:
            return True
        if not self._tokens or auth.token_id is None:
            return False
        return bytes.fromhex(auth.token_id) in self._tokens

    def _fresh(self) -> Sequence[Revocation]:
        if self._last is None:
            # Nothing was trusted before the first look.
            self._last = self._provider.last_revocation()
            return ()
        found: list[Revocation] = []
        while lot := self._provider.revocations_after(self._last):
            found += lot
            self._last = lot[-1].number
        return found

    def _learn(self, revocation: Revocation) -> None:
        if revocation.digest is not None:
            self._cache.pop(revocation.digest, None)
            _remember(self._tokens, revocation.digest)
        if revocation.grant_id is not None:
            _remember(self._grants, revocation.grant_id)
            gone = [k for k, v in self._cache.items() if v.grant_id == revocation.grant_id]
            for digest in gone:
                del self._cache[digest]


def _remember(seen: dict[Any, None], key: Any) -> None:
    if len(seen) >= MOST_REMEMBERED:
        del seen[next(iter(seen))]
    seen[key] = None
