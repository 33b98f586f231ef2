"""What a server says without being asked, and whether it may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field
from zcp_kernel.model import LOG_LEVELS

from ..jsonvalues import is_object, members

PROGRESS = "notifications/progress"
MESSAGE = "notifications/message"
UPDATED = "notifications/resources/updated"
CHANGED = {
    "notifications/tools/list_changed": "tools",
    "notifications/resources/list_changed": "resources",
    "notifications/prompts/list_changed": "prompts",
}


@define
class Heard:
    """The notifications of a whole run. `faults` says what was wrong with any of them, judged by
    what the server declared (`capabilities`) and what it was asked for (`subscribed`)."""

    capabilities: Mapping[str, Any] = field(factory=dict[str, Any])
    subscribed: set[str] = field(factory=set[str])
    counts: dict[str, int] = field(factory=dict[str, int], init=False)
    faults: list[str] = field(factory=list[str], init=False)
    _progress: dict[Any, float] = field(factory=dict[Any, float], init=False)

    def take(self, method: str, params: Any) -> None:
        self.counts[method] = self.counts.get(method, 0) + 1
        fault = self._fault(method, params)
        if fault is not None and fault not in self.faults:
            self.faults.append(fault)

    def _fault(self, method: str, params: Any) -> str | None:
        if not is_object(params):
            return f"{method} has parameters that are no object"
        if method == PROGRESS:
            return self._progress_fault(params)
        if method == MESSAGE:
            return self._message_fault(params)
        if method == UPDATED and params.get("uri") not in self.subscribed:
            return f"told of {params.get('uri')!r}, to which nobody subscribed"
        kind = CHANGED.get(method)
        if kind is not None and not members(self.capabilities.get(kind)).get("listChanged"):
            return f"sent {method} without declaring {kind}.listChanged"
        return None

    def _progress_fault(self, params: Mapping[str, Any]) -> str | None:
        token, progress = params.get("progressToken"), params.get("progress")
        if isinstance(progress, bool) or not isinstance(progress, (int, float)):
            return f"progress is {progress!r}, not a number"
        if not isinstance(token, (str, int)):
            return f"progress for the token {token!r}"
        before = self._progress.get(token)
        self._progress[token] = progress
        if before is not None and progress <= before:
            return f"progress went from {before:g} to {progress:g}; it must increase"
        return None

    def _message_fault(self, params: Mapping[str, Any]) -> str | None:
        if "logging" not in self.capabilities:
            return "sent a log message without declaring logging"
        if params.get("level") not in LOG_LEVELS:
            return f"a log message of level {params.get('level')!r}"
        return None if "data" in params else "a log message without data"
