"""The sessions of this process among those of the others.

Rules of this file:
- A session lives in one process: its calls and streams cannot be stored. The store says in which,
  and what another needs to go on with it once that process is gone.
- A request for a session that lives elsewhere is passed on. One whose process is gone is taken over
  by whoever is asked for it first; its calls in flight are lost with the process.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from zcp_kernel.contracts import StoredSession
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.security import Principal
from zcp_kernel.session import facts_of, restore

from .forward import Forwarding, Gone
from .ids import SessionIds

if TYPE_CHECKING:
    from pathlib import Path

    from zcp_kernel.contracts import SessionStore
    from zcp_kernel.runtime import Kernel

    from ..sessions import HTTPSessions, StreamingSession
    from ..wire import Request, Send

__all__ = ["Cluster"]

logger = logging.getLogger("zcp.http")

ATTEMPTS = 4
CARE_SECONDS = 5.0


class Cluster:
    """One process of several. `sessions` are those that live here."""

    def __init__(
        self,
        kernel: Kernel,
        store: SessionStore,
        sessions: HTTPSessions,
        folder: Path,
        secret: str,
        worker: str,
    ) -> None:
        self.worker = worker
        self.secret = secret
        self.forwarding = Forwarding(folder, secret)
        self._kernel = kernel
        self._store = store
        self._sessions = sessions
        self._ids = SessionIds(worker, secret.encode())
        self._kept: dict[str, bytes] = {}
        kernel.mint_id = self._ids.mint
        sessions.ended = self._ended
        sessions.cluster = self

    # -- what others need to know ------------------------------------------------------------------

    async def keep(self, home: StreamingSession) -> None:
        """Store what of a session has changed since it was stored."""
        facts = dumps(facts_of(home.session))
        if self._kept.get(home.id) == facts:
            return
        self._kept[home.id] = facts
        principal, revision = home.session.principal, home.session.revision
        assert revision is not None
        scopes = None if principal.scopes is None else sorted(principal.scopes)
        caller = {"subject": principal.subject, "scopes": scopes, "kind": principal.kind}
        stored = StoredSession(
            home.id, home.plane, revision.name, self.worker, home.generation, dumps(caller), facts
        )
        await self._store.save(stored)

    def _ended(self, session_id: str) -> None:
        if self._kept.pop(session_id, None) is not None:
            self._kernel.spawn(partial(self._store.forget, session_id, self.worker))

    async def look_after(self) -> None:
        """Until cancelled: say which sessions were used, and remove those nobody uses."""
        while True:
            await anyio.sleep(CARE_SECONDS)
            try:
                await self._store.touch(self._sessions.used_within(2 * CARE_SECONDS))
                await self._store.expire(self._sessions.ttl)
            except Exception:
                logger.exception("sessions could not be kept up to date; trying again")

    # -- sessions that live elsewhere --------------------------------------------------------------

    async def find(
        self, session_id: str, plane: str, request: Request, send: Send
    ) -> StreamingSession | bool:
        """A session that is not among ours: taken over, True if another process has answered the
        request, False if there is none."""
        if self._ids.worker_of(session_id) is None:
            return False
        for _ in range(ATTEMPTS):
            stored = await self._store.load(session_id)
            if stored is None or stored.plane != plane:
                return False
            if stored.worker == self.worker:
                home: Any = self._sessions.find(session_id, plane, request.principal)
                return False if home is None else home
            try:
                await self.forwarding.to(stored.worker, request, send)
                return True
            except Gone:
                taken = await self._store.take(session_id, stored.worker, self.worker)
            if taken is not None:
                return self._taken_over(taken, request.principal)
        return False

    def _taken_over(self, stored: StoredSession, caller: Principal) -> StreamingSession | bool:
        told = loads(stored.caller)
        scopes = None if told["scopes"] is None else frozenset(told["scopes"])
        principal = Principal(told["subject"], scopes, told["kind"])
        home = self._sessions.go_on(stored, principal)
        dialect = self._kernel.dialects[home.dialect]
        restore(home.session, dialect.revision(stored.revision), loads(stored.facts))
        self._kept[home.id] = stored.facts
        logger.info("took over session of worker that is gone", extra={"session": home.id[:8]})
        return home if home.admits(caller) else False
