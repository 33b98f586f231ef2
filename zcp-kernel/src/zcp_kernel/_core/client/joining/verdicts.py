"""Which revision was agreed with whom, so that the next session need not find out again."""

from __future__ import annotations

from collections import OrderedDict

MOST = 1000
"""Servers that are remembered, those asked last."""

_known: OrderedDict[str, str] = OrderedDict()


def recalled(origin: str | None) -> str | None:
    """The revision last agreed with the server of this name."""
    if origin is None or origin not in _known:
        return None
    _known.move_to_end(origin)
    return _known[origin]


def remember(origin: str | None, version: str) -> None:
    if origin is None:
        return
    _known[origin] = version
    _known.move_to_end(origin)
    if len(_known) > MOST:
        _known.popitem(last=False)


def forget(origin: str | None) -> None:
    """What was agreed does not hold any more."""
    if origin is not None:
        _known.pop(origin, None)
