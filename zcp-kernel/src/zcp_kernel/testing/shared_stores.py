"""What the processes of a server share, kept in this one: stores for tests that need no file.

They count as configured, so a server that is given them uses them:

class Plugin:
    @hookimpl
    def zcp_stores(self):
        return [MemoryOnceStore(), MemorySessionStore()]
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

from attrs import define, evolve

from ..contracts import StoredCall, StoredSession

MAX_CALLS = 256


class MemoryOnceStore:
    """Implements `OnceStore`."""

    name = "memory"
    configured = True

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._done: dict[str, tuple[float, bytes | None]] = {}

    async def begin(self, key: str, expires_at: float) -> tuple[bool, bytes | None]:
        now = self._now()
        self._done = {key: entry for key, entry in self._done.items() if entry[0] > now}
        if key in self._done:
            return False, self._done[key][1]
        self._done[key] = expires_at, None
        return True, None

    async def finish(self, key: str, value: bytes) -> None:
        if key in self._done:
            self._done[key] = self._done[key][0], value


class MemoryRateStore:
    """Implements `RateStore`."""

    name = "memory"
    configured = True

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counts: dict[str, dict[float, int]] = {}

    async def count(self, caller: str, window_seconds: float, most: int) -> tuple[int, int, float]:
        now = self._now()
        begins = now // window_seconds * window_seconds
        elapsed = (now - begins) / window_seconds
        kept = self._counts.get(caller, {})
        earlier = begins - window_seconds
        counts = {at: kept[at] for at in (earlier, begins) if at in kept}
        self._counts[caller] = counts
        count, before = counts.get(begins, 0), counts.get(earlier, 0)
        if count + before * (1 - elapsed) < most:
            counts[begins] = count + 1
        return count, before, elapsed


class MemoryKeyStore:
    """Implements `KeyStore`; `renew` does what time does elsewhere."""

    name = "memory"
    configured = True

    def __init__(self, kept: int = 3) -> None:
        self._kept = kept
        self._secrets: list[str] = []

    async def secrets(self) -> Sequence[str]:
        if not self._secrets:
            self.renew()
        return tuple(self._secrets)

    def renew(self) -> None:
        """Put a new secret in force."""
        self._secrets = [secrets.token_urlsafe(32), *self._secrets][: self._kept]


@define
class _Kept:
    session: StoredSession
    used: float


class MemorySessionStore:
    """Implements `SessionStore`."""

    name = "memory"
    configured = True

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._calls: dict[str, dict[int, StoredCall]] = {}

    async def save(self, session: StoredSession) -> None:
        known = self._kept.get(session.id)
        if known is None or known.session.worker == session.worker:
            self._kept[session.id] = _Kept(session, self._now())

    async def load(self, session_id: str) -> StoredSession | None:
        known = self._kept.get(session_id)
        return None if known is None else known.session

    async def touch(self, session_ids: Sequence[str]) -> None:
        for session_id in session_ids:
            if session_id in self._kept:
                self._kept[session_id].used = self._now()

    async def take(self, session_id: str, of: str, worker: str) -> StoredSession | None:
        known = self._kept.get(session_id)
        if known is None or known.session.worker != of:
            return None
        generation = known.session.generation + 1
        taken = evolve(known.session, worker=worker, generation=generation)
        self._kept[session_id] = _Kept(taken, self._now())
        return taken

    async def begin(self, session_id: str, call: StoredCall) -> None:
        calls = {**self._calls.get(session_id, {}), call.stream: call}
        newest = sorted(calls)[-MAX_CALLS:]
        self._calls[session_id] = {stream: calls[stream] for stream in newest}

    async def begun(self, session_id: str) -> Sequence[StoredCall]:
        return tuple(self._calls.get(session_id, {}).values())

    async def forget(self, session_id: str, worker: str) -> bool:
        known = self._kept.get(session_id)
        if known is None or known.session.worker != worker:
            return False
        self._remove(session_id)
        return True

    async def expire(self, idle_seconds: float) -> Sequence[str]:
        latest = self._now() - idle_seconds
        idle = [key for key, kept in self._kept.items() if kept.used <= latest]
        for session_id in idle:
            self._remove(session_id)
        return idle

    async def list(self, limit: int) -> Sequence[StoredSession]:
        latest = sorted(self._kept.values(), key=lambda kept: kept.used, reverse=True)
        return [kept.session for kept in latest[:limit]]

    def _remove(self, session_id: str) -> None:
        del self._kept[session_id]
        self._calls.pop(session_id, None)
