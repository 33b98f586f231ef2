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

from .calls import Calls
from .forward import Forwarding, Gone
from .ids import SessionIds
from .living import Living

if TYPE_CHECKING:
    from pathlib import Path

    from zcp_kernel.contracts import SessionStore
    from zcp_kernel.runtime import Kernel

    from ..sessions import HTTPSessions, StreamingSession
    from ..wire import Request, Send

__all__ = ["Cluster"]

logger = logging.getLogger("zcp.http")

Mark = tuple[object, ...]

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
        self.living = Living(folder, worker)
        self.forwarding = Forwarding(folder, secret)
        self.calls = Calls(store, sessions.log, self.living)
        self._kernel = kernel
        self._store = store
        self._sessions = sessions
        self._ids = SessionIds(worker, secret.encode())
        self._kept: dict[str, Mark] = {}
        self._taking = anyio.Lock()
        kernel.mint_id = self._ids.mint
        sessions.ended = self._ended
        sessions.cluster = self

    # -- what others need to know ------------------------------------------------------------------

    async def keep(self, home: StreamingSession) -> None:
        """Store what of a session has changed since it was stored: before anybody is told that it
        has. Raises what the store raises."""
        mark = _mark(home)
        if home.closed or self._kept.get(home.id) == mark:
            return
        principal, revision = home.session.principal, home.session.revision
        assert revision is not None
        facts = dumps(facts_of(home.session))
        scopes = None if principal.scopes is None else sorted(principal.scopes)
        caller = {"subject": principal.subject, "scopes": scopes, "kind": principal.kind}
        stored = StoredSession(
            home.id, home.plane, revision.name, self.worker, home.generation, dumps(caller), facts
        )
        await self._store.save(stored)
        if not home.closed:
            self._kept[home.id] = mark

    async def keep_if_possible(self, home: StreamingSession) -> None:
        """`keep`; a store that fails is logged, and tried again with the next request. What the
        session asked for has been done, and goes on here."""
        try:
            await self.keep(home)
        except Exception:
            logger.exception("a session could not be stored; trying again with its next request")

    def _ended(self, session_id: str) -> None:
        if self._kept.pop(session_id, None) is not None:
            self.calls.drop(session_id)
            self._kernel.spawn(partial(self._forget, session_id))

    def leave(self) -> None:
        """This process is about to stop: others find it gone, and go on with its sessions. What
        they have passed on already is still taken."""
        self.forwarding.path_of(self.worker).unlink(missing_ok=True)

    async def aclose(self) -> None:
        """This process takes no part any more. Idempotent."""
        await self.forwarding.aclose()
        self.living.close()

    async def _forget(self, session_id: str) -> None:
        if await self._store.forget(session_id, self.worker):
            await self._sessions.log.forget(session_id)

    async def look_after(self) -> None:
        """Until cancelled: say which sessions were used, and remove those nobody uses."""
        while True:
            await anyio.sleep(CARE_SECONDS)
            try:
                await self._store.touch(self._sessions.used_within(2 * CARE_SECONDS))
                for session_id in await self._store.expire(self._sessions.ttl):
                    await self._sessions.log.forget(session_id)
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
            if stored.worker != self.worker:
                try:
                    await self.forwarding.to(stored.worker, request, send)
                    return True
                except Gone:
                    await self._take_over(stored)
            # Whoever takes it over at this moment has it listed before the lock is free.
            async with self._taking:
                home: Any = self._sessions.find(session_id, plane, request.principal)
            if home is not None or stored.worker == self.worker:
                return False if home is None else home
        return False

    async def pass_on(self, session_id: str, request: Request, send: Send) -> bool:
        """Give a request to the process that minted the id: for sessions that end with it. False if
        there is none but this one."""
        worker = self._ids.worker_of(session_id)
        if worker is None or worker == self.worker:
            return False
        try:
            await self.forwarding.to(worker, request, send)
        except Gone:
            return False
        return True

    async def _take_over(self, stored: StoredSession) -> None:
        # A take-over cut short would leave a session that is ours and that nobody has.
        with anyio.CancelScope(shield=True):
            async with self._taking:
                taken = await self._store.take(stored.id, stored.worker, self.worker)
                if taken is not None:
                    await self._go_on(taken)

    async def _go_on(self, stored: StoredSession) -> None:
        calls = await self._store.begun(stored.id)
        told = loads(stored.caller)
        scopes = None if told["scopes"] is None else frozenset(told["scopes"])
        principal = Principal(told["subject"], scopes, told["kind"])
        home = self._sessions.go_on(stored, principal)
        dialect = self._kernel.dialects[home.dialect]
        revision = dialect.revision(stored.revision)
        restore(home.session, revision, loads(stored.facts), stored.generation)
        home.inherit({call.key: call.stream for call in calls if call.key is not None})
        self.calls.inherit(home.id, calls)
        self._kept[home.id] = _mark(home)
        logger.info("took over session of worker that is gone", extra={"session": home.id[:8]})


def _mark(home: StreamingSession) -> Mark:
    """What changes when something of a session has to be stored again; cheap to compare."""
    session, state = home.session, home.session.state
    agreed = (session.principal, state.client_info, state.capabilities)
    handles = len(state.aliases or ())
    return *agreed, state.log_level, state.initialized, frozenset(state.subscriptions), handles
