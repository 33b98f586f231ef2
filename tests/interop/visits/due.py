"""Which runs there are, and which checks each is put to."""

from collections.abc import Awaitable, Callable
from itertools import product

from tests.interop.visits import checks, everything, live
from tests.interop.visits.hosts import (
    FASTMCP_SERVER,
    HOSTS,
    MCP1_SERVER,
    MCP2_SERVER,
    NEWEST,
    SERVER_EVERYTHING,
    STATELESS,
)
from tests.interop.visits.visit import Run, Visit

Check = Callable[[Visit], Awaitable[None]]

WAYS = (("named", "trio"), ("connect", "asyncio"), ("gateway", "asyncio"))
"""How those arrive that are told no revision."""

SOON_UP = (SERVER_EVERYTHING, MCP1_SERVER)
"""Those a process of which starts within a second."""

PINNED = tuple(
    Run(host, transport, "named", "asyncio", revision)
    for host in HOSTS
    for transport in host.transports
    for revision in host.revisions_over(transport)
)
FREE = tuple(
    Run(host, transport, entrance, loop)
    for host, (entrance, loop) in product(HOSTS, WAYS)
    for transport in host.transports
    if transport != "stdio" or entrance == "named" or host in SOON_UP
)
BARE = tuple(
    Run(host, form, "named", "asyncio", revision)
    for host, form in product((MCP1_SERVER, MCP2_SERVER), ("json", "stateless"))
    for revision in host.revisions
    if revision >= NEWEST
)
"""Streamable HTTP as many have it: answers in plain JSON, or no sessions."""

RUNS = (*PINNED, *FREE, *BARE)

SINCE = {
    "elicitation": "2025-06-18",
    "elicitation_of_url": "2025-11-25",
    "elicitation_required": "2025-11-25",
}
"""The revision a check's subject came with, where not the first."""


def due(run: Run) -> list[Check]:
    """The checks of a run. What a server does not offer is left out; that it refuses is a check."""
    offered: list[Check] = [*everything.CHECKS]
    if run.host is not SERVER_EVERYTHING:
        offered = [*checks.BASICS, *live.LIVE]
    if run in BARE:
        return [*checks.BASICS]
    without = {live.subscribe_refused}
    if run.host is FASTMCP_SERVER:
        # It has neither subscriptions nor, without a session, news that outlive a request.
        without = {live.subscribe}
    if run.revision >= STATELESS:
        without |= {live.subscribe_refused}
    if run.pinned != NEWEST:
        # They take seconds each, and there is but one revision that has them in this form.
        without |= {everything.tasks, everything.task_awaited, everything.task_only}
    return [
        check
        for check in offered
        if check not in without and SINCE.get(check.__name__, "") <= run.revision
    ]
