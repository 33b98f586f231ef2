"""What of `_meta` goes through a mount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...jsontext import is_object
from ...model.base import Described
from ..asking import CALL_META
from .callers import NOTHING_SAID, About, Caller

_OF_ONE_HOP = ("io.modelcontextprotocol/", "progressToken", CALL_META)
"""How members begin that are about one link or one server's tasks, not about what is said."""

_OURS = ("zcp/", *_OF_ONE_HOP)
"""Those of a call; one of ours says there what the link is to do with it."""

RELATED_TASK = "io.modelcontextprotocol/related-task"


def own(meta: Mapping[str, Any] | None) -> dict[str, Any]:
    """The members that are what is said, not how it travels."""
    return _without(_OF_ONE_HOP, meta)


def onward(meta: Mapping[str, Any] | None, caller: Caller) -> dict[str, Any]:
    """`_meta` of a call for the next hop."""
    if not meta:
        return {CALL_META: caller.number}
    return {**_without(_OURS, meta), CALL_META: caller.number}


def number_of(request: Described) -> int:
    """The number a call was sent with."""
    number: int = (request.meta or {})[CALL_META]
    return number


def split(meta: Mapping[str, Any] | None) -> tuple[About, dict[str, Any] | None]:
    """Which call an upstream speaks of, and the rest of what it says."""
    if not meta:
        return NOTHING_SAID, None
    related = meta.get(RELATED_TASK)
    task = related.get("taskId") if is_object(related) else None
    about = About(meta.get(CALL_META), task if isinstance(task, str) else None)
    return about, own(meta) or None


def without_task(meta: dict[str, Any] | None) -> dict[str, Any] | None:
    """`_meta` of a result, whose task is known to us alone."""
    if meta is None or RELATED_TASK not in meta:
        return meta
    return {name: value for name, value in meta.items() if name != RELATED_TASK} or None


def _without(beginnings: tuple[str, ...], meta: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: v for name, v in (meta or {}).items() if not name.startswith(beginnings)}
