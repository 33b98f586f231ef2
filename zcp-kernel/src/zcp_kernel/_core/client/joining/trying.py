"""One try to agree on one revision: a handshake, or asking a server that needs none what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
from attrs import define, field, frozen

from ....client_side import OTHER_REVISIONS
from ....contracts import Objection, Peer, Revision
from ....errors import ExchangeRefused, InvalidRequest, RemoteError
from ....jsontext import is_list, is_object
from ....model import DiscoverResult, Empty, InitializeParams, InitializeResult
from ...remote import remote_error
from ..link.calls import Deadline
from ..link.connection import Connection
from .link import dressed, methods_of
from .offers import Offers
from .refusing import no_common

DISCOVER = "mcp/discover"

DENIED = frozenset({401, 403, 407})
"""HTTP statuses that say nothing of what the server speaks, only that it does not speak to us."""


@frozen
class Found:
    """A revision the server takes, what it told of itself, and the names of others it says it
    takes."""

    revision: Revision
    told: InitializeResult
    others: Sequence[str] = ()


@define(eq=False)
class Try:
    """`done` is set once there is `found`, or a `refusal` that leaves room for other tries, or a
    `failure` that leaves none. One that is `late` is not waited for if there is another way."""

    revision: Revision
    found: Found | None = None
    refusal: Exception | None = None
    failure: Exception | None = None
    late: bool = False
    done: anyio.Event = field(factory=anyio.Event)


@define(eq=False)
class Asker:
    """Puts the questions of negotiation to one connection."""

    connection: Connection
    offers: Offers
    peer: Peer
    deadline: Deadline

    async def attempt(self, this: Try) -> None:
        """Ask, and set what came of it."""
        ask = self._discover if this.revision.stateless else self._shake
        try:
            this.found = await ask(this.revision)
        except (RemoteError, InvalidRequest) as error:
            this.refusal = error
        except ExchangeRefused as error:
            if error.status in DENIED:
                this.failure = error
            else:
                this.refusal = error
        except _OfThatEra as error:
            this.failure = error.cause
        except Exception as error:
            this.failure = error
        finally:
            this.done.set()

    # -- with a handshake --------------------------------------------------------------------------

    async def _shake(self, offer: Revision) -> Found:
        method = methods_of(offer)["initialize"]
        params = InitializeParams(offer.name, self._info, self.peer.capabilities)
        raw = await self.connection.ask(
            method.method, method.encode_params(params), repeatable=True, deadline=self.deadline
        )
        version = raw.get("protocolVersion") if is_object(raw) else None
        revision = self.offers.named(version)
        if revision is None or revision.stateless:
            raise no_common(self.offers, [version])
        return Found(revision, methods_of(revision)["initialize"].decode_result(raw))

    @property
    def _info(self) -> Any:
        assert self.peer.info is not None
        return self.peer.info

    # -- without -----------------------------------------------------------------------------------

    async def _discover(self, offer: Revision) -> Found:
        """Raises the server's own error if it is none of the stateless era, or has no revision in
        common."""
        try:
            return await self._described(offer)
        except (RemoteError, ExchangeRefused) as error:
            objection = self._objection(offer, error)
            if objection is None:
                raise
            if objection.reason != "version":
                raise _OfThatEra(error) from error
            return await self._described(self._mutual(offer, objection, error))

    async def _described(self, offer: Revision) -> Found:
        method = methods_of(offer)[DISCOVER]
        facts = offer.client.facts(self.peer)
        params = dressed(method.encode_params(Empty()), facts)
        raw = await self.connection.ask(
            method.method,
            params,
            headers=offer.client.request_headers(method.method, params),
            repeatable=True,
            deadline=self.deadline,
        )
        versions = raw.get("supportedVersions") if is_object(raw) else None
        if not is_list(versions):
            # Some servers of the other era answer whatever they are asked with an empty object.
            raise InvalidRequest("invalid: the server's description names no revisions")
        chosen = offer if offer.name in versions else self._common(versions)
        if chosen is None:
            raise no_common(self.offers, versions)
        found: DiscoverResult = method.decode_result(raw)
        others = (found.meta or {}).get(OTHER_REVISIONS)
        told = offer.client.introduced(chosen.name, found)
        return Found(chosen, told, others if is_list(others) else ())

    def _objection(self, offer: Revision, error: RemoteError | ExchangeRefused) -> Objection | None:
        if isinstance(error, ExchangeRefused):
            if error.error is None:
                return None
            return offer.client.objection(remote_error(error.error))
        return offer.client.objection(error)

    def _mutual(self, offer: Revision, objection: Objection, error: Exception) -> Revision:
        """What to ask again in: perhaps the very revision that was refused, if the server now names
        it."""
        if offer.name in objection.supported:
            return offer
        found = self._common(objection.supported)
        if found is not None:
            return found
        if any(self.offers.named(version) is not None for version in objection.supported):
            # It can be spoken to, after a handshake.
            raise error
        raise no_common(self.offers, list(objection.supported)) from error

    def _common(self, versions: Any) -> Revision | None:
        for version in sorted((v for v in versions if isinstance(v, str)), reverse=True):
            found = self.offers.named(version)
            if found is not None and found.stateless:
                return found
        return None


class _OfThatEra(Exception):
    """The server needs no handshake, and refuses all the same: none will help."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause
