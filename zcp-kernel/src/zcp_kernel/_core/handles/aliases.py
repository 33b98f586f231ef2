"""Short names for the handles of one session: `#S1` is its first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...errors import NotFound

if TYPE_CHECKING:
    from ..session import ZCPServerSession

MOST = 10_000
"""Handles of one session that get a short name."""

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
    if number > len(given):
        raise NotFound("handle", handle)
    return given[number - 1]
