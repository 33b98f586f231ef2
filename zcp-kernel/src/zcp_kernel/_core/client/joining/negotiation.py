"""Finding out what a server speaks: tries in order, none waiting long for a server that is silent.

A server of the handshake era may leave a question it does not know unanswered. So where frames go
over one pipe a handshake follows once the question was refused, or was not answered for
`HEAD_START`, and whichever is answered decides: the server may also be slow to start. Only one
handshake is under way at a time. Where each request has its own exchange, silence means that the
server is slow, and is waited for.

Source: MCP 2026-07-28, basic/versioning, basic/transports/stdio and streamable-http, "Backward
Compatibility".
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from ....contracts import Revision
from ....errors import InvalidRequest
from ...asking import single_cause
from .trying import Asker, Found, Try

HEAD_START = 0.5
"""Seconds a question has for itself on a pipe."""


class Negotiation:
    """Finds the best revision a server takes, of those in `order`."""

    def __init__(self, asker: Asker, order: Sequence[Revision]) -> None:
        self._asker = asker
        self._waiting = list(order)
        self._tries: list[Try] = []
        self._hurried = not asker.connection.exchanges
        self._changed = anyio.Event()

    @property
    def questioned(self) -> bool:
        """Whether something was asked that a server of the handshake era does not know."""
        return any(each.revision.stateless for each in self._tries)

    async def run(self) -> Found:
        """Raises the server's own refusal, or what kept it from being asked."""
        with single_cause():
            return await self._race()

    async def _race(self) -> Found:
        found: Found | None = None
        async with anyio.create_task_group() as group:
            while found is None and (revision := self._next()) is not None:
                this = Try(revision)
                self._tries.append(this)
                group.start_soon(self._run, this)
                await self._head_start(this)
                found = self._decided()
            while found is None and not all(each.done.is_set() for each in self._tries):
                await self._wait()
                found = self._decided()
            group.cancel_scope.cancel()
        return found if found is not None else self._outcome()

    async def _run(self, this: Try) -> None:
        await self._asker.attempt(this)
        self._changed.set()

    async def _wait(self) -> None:
        self._changed = anyio.Event()
        await self._changed.wait()

    async def _head_start(self, this: Try) -> None:
        """Until it is done, anything decides, or its time is up."""
        limit = HEAD_START if self._hurried and this.revision.stateless else None
        with anyio.move_on_after(limit):
            while not this.done.is_set() and self._decided() is None:
                await self._wait()
        this.late = not this.done.is_set()

    def _next(self) -> Revision | None:
        """What to try now: what a server said it speaks and is preferred, else the next in order,
        but no second handshake once one was made."""
        if (best := self._best()) is not None:
            preferred = [each for each in self._waiting if self._preferred(each, best)]
            for each in preferred[:1]:
                self._waiting.remove(each)
                return each
            return None
        shaken = self._shaken()
        while self._waiting:
            revision = self._waiting.pop(0)
            if shaken is None or (revision.stateless and revision.dialect == shaken.dialect):
                return revision
        return None

    def _best(self) -> Found | None:
        """What was found in the dialect that was offered, the most preferred of it."""
        own = [
            each.found
            for each in self._tries
            if each.found is not None and each.found.revision.dialect == each.revision.dialect
        ]
        return min(own, key=lambda found: self._rank(found.revision), default=None)

    def _preferred(self, revision: Revision, found: Found) -> bool:
        """Whether the server named this revision and it is the better one here."""
        return revision.name in found.others and self._rank(revision) < self._rank(found.revision)

    def _rank(self, revision: Revision) -> int:
        ranks = self._asker.offers.revisions
        return ranks.index(revision) if revision in ranks else len(ranks)

    def _shaken(self) -> Revision | None:
        """The revision of a handshake that was answered, perhaps not the one offered."""
        for each in self._tries:
            if each.found is not None and not each.revision.stateless:
                return each.found.revision
        return None

    def _decided(self) -> Found | None:
        """What needs no further try. A handshake that was answered in another dialect than offered
        tells that the server is of that one, and perhaps of its stateless era too."""
        if (best := self._best()) is not None:
            hopes = any(self._preferred(each, best) for each in self._hopes())
            return None if hopes else best
        for each in self._tries:
            if each.found is not None and not self._better(each.found.revision):
                return each.found
        for each in self._tries:
            if each.failure is not None:
                raise each.failure
        return None

    def _better(self, found: Revision) -> bool:
        """Whether what needs no handshake may still come of this dialect."""
        return any(hope.stateless and hope.dialect == found.dialect for hope in self._hopes())

    def _hopes(self) -> list[Revision]:
        """What was not tried, or not answered and still has its time."""
        open_tries = [each for each in self._tries if not each.done.is_set() and not each.late]
        return [*self._waiting, *(each.revision for each in open_tries)]

    def _outcome(self) -> Found:
        refusals = [each.refusal for each in self._tries if each.refusal is not None]
        for error in refusals:
            if isinstance(error, InvalidRequest):
                raise error
        raise refusals[-1]
