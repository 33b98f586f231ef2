"""What was agreed with a client and left by it, as data: enough to go on elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...codec import PLAIN
from ...context import Context
from ...errors import ZCPError
from ...model import Capabilities, Implementation, SubscribeParams
from ..handles import aliases

if TYPE_CHECKING:
    from ...contracts import Revision
    from ..session import ZCPServerSession

logger = logging.getLogger("zcp")

SUBSCRIBE = "resources/subscribe"
REQUESTS_PER_GENERATION = 1_000_000


def facts_of(session: ZCPServerSession) -> dict[str, Any]:
    """JSON; `ctx.state` is not among it, which may hold anything."""
    state = session.state
    info = state.client_info
    return {
        "clientInfo": None if info is None else PLAIN.encode(info),
        "capabilities": PLAIN.encode(state.capabilities),
        "logLevel": state.log_level,
        "subscriptions": sorted(state.subscriptions),
        "initialized": state.initialized,
        "aliases": aliases.told(state.aliases),
    }


def restore(
    session: ZCPServerSession, revision: Revision, facts: dict[str, Any], generation: int = 0
) -> None:
    """Make a new session what `facts` were taken from. `generation` counts the processes that had
    it before: none of its requests has an id of theirs, whose answers may still come."""
    session.adopt(revision)
    session.last_request_id = generation * REQUESTS_PER_GENERATION
    state, info = session.state, facts.get("clientInfo")
    state.client_info = None if info is None else PLAIN.decode(Implementation, info)
    state.capabilities = PLAIN.decode(Capabilities, facts.get("capabilities") or {})
    state.log_level = facts.get("logLevel")
    state.subscriptions.update(facts.get("subscriptions") or ())
    state.initialized = bool(facts.get("initialized"))
    state.aliases = aliases.taken(facts.get("aliases") or ())
    if state.initialized:
        session.kernel.audience.add(session)
    if state.subscriptions:
        session.kernel.spawn(partial(_watch_again, session, sorted(state.subscriptions)))


async def _watch_again(session: ZCPServerSession, uris: Sequence[str]) -> None:
    """Subscribe anew: what feeds this process with changes has to know that somebody listens."""
    for uri in uris:
        ctx = Context(session.kernel, session, SUBSCRIBE)
        try:
            await session.kernel.execute(SUBSCRIBE, SubscribeParams(uri), ctx)
        except ZCPError as error:
            session.state.subscriptions.discard(uri)
            logger.warning("a session that goes on here no longer watches %s: %s", uri, error)
