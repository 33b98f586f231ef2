"""Which revision was agreed with whom, so that the next session need not find out again.

A verdict is the answer to an offer, and holds for sessions that offer the same: one that was told
to speak something else finds out by itself, and what it finds is no news for others.
"""

from __future__ import annotations

from collections import OrderedDict

MOST = 1000
"""Verdicts that are remembered, those asked for last."""

Offered = tuple[str, ...]
"""The names of the revisions a session offers, best first."""

_known: OrderedDict[tuple[str, Offered], str] = OrderedDict()


def recalled(origin: str | None, offered: Offered) -> str | None:
    """The revision last agreed with the server of this name by who offered the same."""
    if origin is None or (origin, offered) not in _known:
        return None
    _known.move_to_end((origin, offered))
    return _known[origin, offered]


def remember(origin: str | None, offered: Offered, version: str) -> None:
    if origin is None:
        return
    _known[origin, offered] = version
    _known.move_to_end((origin, offered))
    if len(_known) > MOST:
        _known.popitem(last=False)


def forget(origin: str | None) -> None:
    """Nothing that was agreed there holds any more."""
    for key in [key for key in _known if key[0] == origin]:
        del _known[key]
