"""Short names for the handles of one session: `#S1` is its first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import NotFound

if TYPE_CHECKING:
    from ..session import ZCPServerSession

MOST = 10_000
"""Handles of one session that get a short name."""

KNOWN_ELSEWHERE = 500
"""How many of them, the newest, are still known when the session goes on in another process."""

_ALIAS = re.compile(r"#S([1-9][0-9]{0,5})")


def name(handle_id: str, session: ZCPServerSession) -> str | None:
    """The alias of a handle just made; None where there is no session that would remember it."""
    if not session.owner.startswith("session:"):
        return None
    state = session.state
    if state.aliases is None:
        state.aliases = []
    if len(state.aliases) >= MOST:
        return None
    state.aliases.append(handle_id)
    return f"#S{len(state.aliases)}"


def meant(handle: str, session: ZCPServerSession) -> str:
    """The id `handle` means: itself, unless it is an alias. Raises `NotFound` for an alias this
    session never gave."""
    alias = _ALIAS.fullmatch(handle)
    if alias is None:
        return handle
    given = session.state.aliases or ()
    number = int(alias[1])
    if number > len(given) or not given[number - 1]:
        raise NotFound("handle", handle)
    return given[number - 1]


def told(given: list[str] | None) -> list[Any]:
    """The aliases of a session, for another process: how many there are, and the newest ids."""
    return [] if given is None else [len(given), *given[-KNOWN_ELSEWHERE:]]


def taken(facts: Sequence[Any]) -> list[str] | None:
    """What `told` told; no alias is given twice, though the oldest mean nothing any more."""
    if not facts:
        return None
    count, *newest = facts
    return [""] * (count - len(newest)) + newest
