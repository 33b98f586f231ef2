"""Notifications: what either side may say without being asked."""

from __future__ import annotations

from typing import Any, Literal

from attrs import define

from .base import Described
from .calls import ProgressToken
from .tasks import TaskDescriptor

LogLevel = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]

LOG_LEVELS: dict[str, int] = {
    name: rank
    for rank, name in enumerate(
        ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
    )
}
"""Severity order of RFC 5424, least severe first."""


@define(slots=True)
class Initialized(Described):
    pass


@define(slots=True)
class Cancelled(Described):
    request_id: str | int | None = None
    reason: str | None = None


@define(slots=True)
class Progress(Described):
    """`progress` grows with every notice; `total`, where known, is in the same unit."""

    progress_token: ProgressToken
    progress: float
    total: float | None = None
    message: str | None = None


@define(slots=True)
class LogMessage(Described):
    level: LogLevel
    data: Any
    logger: str | None = None


@define(slots=True)
class ResourceUpdated(Described):
    uri: str


@define(slots=True)
class ToolListChanged(Described):
    pass


@define(slots=True)
class PromptListChanged(Described):
    pass


@define(slots=True)
class ResourceListChanged(Described):
    pass


@define(slots=True)
class RootsListChanged(Described):
    pass


@define(slots=True)
class ElicitationComplete(Described):
    elicitation_id: str


@define(slots=True)
class TaskStatusChanged(TaskDescriptor):
    """The task as it now stands."""


@define(slots=True)
class SetLevelParams(Described):
    """Parameters of `logging/setLevel`."""

    level: LogLevel
