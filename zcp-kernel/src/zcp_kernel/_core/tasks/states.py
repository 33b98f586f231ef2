"""The life of a task, as a table.

queued -> working <-> input_required -> completed | failed | cancelled. What has ended stays so.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ...model import TERMINAL, TaskStatus

TRANSITIONS: dict[TaskStatus, frozenset[TaskStatus]] = {
    "queued": frozenset({"working", "failed", "cancelled"}),
    "working": frozenset({"input_required", "completed", "failed", "cancelled"}),
    "input_required": frozenset({"working", "completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
"""Status -> the statuses that may follow it."""

_DECLARABLE: dict[str, TaskStatus] = {"working": "working", "input_required": "input_required"}


def check_declared(status: str) -> TaskStatus:
    """The status, if a handler may set it: a task ends by its handler returning or raising, not by
    a status. Raises `ValueError`."""
    if status in _DECLARABLE:
        return _DECLARABLE[status]
    if status in TRANSITIONS:
        hint = "return to complete, raise to fail" if status in TERMINAL else "it already runs"
        raise ValueError(f"a handler cannot set the status {status!r}: {hint}")
    raise ValueError(f"unknown task status {status!r}; a handler may set {list(_DECLARABLE)}")


def timestamp(seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds, from seconds since the epoch."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
