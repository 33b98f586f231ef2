"""How a session comes to a link: a channel, and a revision agreed on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, frozen

from ....codec import PLAIN
from ....contracts import Peer, Revision
from ....errors import ConfigError, ConnectionLost, RemoteError
from ....model import Capabilities, Implementation, InitializeResult
from ..hooks import ClientHooks
from ..link.calls import Deadline
from ..link.connection import Connect, Connection
from ..link.inbound import Inbound
from . import verdicts
from .link import Link
from .negotiation import Negotiation
from .offers import Offers
from .refusing import explained
from .trying import Asker, Found


@frozen
class Target:
    """What a session is to be connected to, and how. `origin` names the server where a verdict on
    it holds for other sessions too."""

    connect: Connect
    offers: Offers
    info: Implementation
    hooks: ClientHooks
    origin: str | None = None


@define(eq=False)
class Joiner:
    """Joins again and again; what was agreed last is tried first. `heard` is told of every notice
    (and returns whether handlers are to be), `opened` of every connection before it is used."""

    target: Target
    heard: Callable[[Any], bool]
    opened: Callable[[Connection], None]
    _verdict: str | None = None

    async def join(self, capabilities: Capabilities, level: Any, deadline: Deadline) -> Link:
        """A new connection, agreed on. Raises the one real cause."""
        peer = Peer(self.target.info, capabilities, level)
        asked = self.target.offers.names
        verdict = self._verdict or verdicts.recalled(self.target.origin, asked)
        try:
            link = await self._connected(peer, deadline, verdict, questions=True)
        except _DiedOfQuestionError:
            link = await self._connected(peer, deadline, verdict, questions=False)
        self._verdict = link.revision.name
        verdicts.remember(self.target.origin, asked, link.revision.name)
        return link

    def forget(self) -> None:
        """The server does not speak what it spoke before."""
        self._verdict = None
        verdicts.forget(self.target.origin)

    async def _connected(
        self, peer: Peer, deadline: Deadline, verdict: str | None, *, questions: bool
    ) -> Link:
        connection = Connection(self.target.connect)
        inbound = Inbound(connection, self.target.hooks, self.heard)
        self.opened(connection)
        await connection.open()
        try:
            if connection.session_id is not None:
                return self._attached(connection, inbound, peer)
            order = self._order(verdict, questions=questions)
            asker = Asker(connection, self.target.offers, peer, deadline)
            return self._agreed(connection, inbound, peer, await self._found(asker, order))
        except BaseException:
            await connection.aclose()
            raise

    def _order(self, verdict: str | None, *, questions: bool) -> list[Revision]:
        order = self.target.offers.order(verdict)
        return order if questions else [each for each in order if not each.stateless]

    async def _found(self, asker: Asker, order: list[Revision]) -> Found:
        negotiation = Negotiation(asker, order)
        try:
            return await negotiation.run()
        except (RemoteError, ConnectionLost) as error:
            if asker.offers.pinned:
                told = explained(asker.offers, error)
                if told is error:
                    raise
                raise told from error
            shakes = any(not each.stateless for each in order)
            piped = isinstance(error, ConnectionLost) and not asker.connection.exchanges
            if not (piped and negotiation.questioned and shakes):
                raise
            # A server of the handshake era may end for good at a question it does not know.
            raise _DiedOfQuestionError from error

    def _agreed(self, connection: Connection, inbound: Inbound, peer: Peer, found: Found) -> Link:
        revision = found.revision
        inbound.speak(revision)
        connection.agree(revision.client.session_headers(), session=not revision.stateless)
        return Link(
            connection, revision, peer, PLAIN.encode(found.told), announced=revision.stateless
        )

    def _attached(self, connection: Connection, inbound: Inbound, peer: Peer) -> Link:
        """A session somebody else opened: what its server told of itself is not known here."""
        told = InitializeResult(self._shared().name, Implementation("unnamed", ""), Capabilities())
        link = self._agreed(connection, inbound, peer, Found(self._shared(), told))
        link.announced = True
        return link

    def _shared(self) -> Revision:
        """The revision an open session is taken to be in: the first on offer that has sessions."""
        for revision in self.target.offers.revisions:
            if not revision.stateless:
                return revision
        raise ConfigError("a session can be joined only in a revision that has sessions")


class _DiedOfQuestionError(Exception):
    """The connection ended while the server was asked what only some know."""
