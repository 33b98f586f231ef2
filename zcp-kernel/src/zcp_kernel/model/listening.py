"""What a client that keeps no session asks instead of a handshake, and how it hears of changes
(MCP 2026-07-28, server/discover and basic/patterns/subscriptions)."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from .base import Described, Shape
from .calls import CallError, CallResult
from .catalogue import Cacheable
from .handshake import Capabilities
from .tasks import TaskDescriptor


@define(slots=True)
class DiscoverResult(Cacheable):
    """What a server says of itself: `supported_versions` are those any request may be made in."""

    supported_versions: list[str]
    capabilities: Capabilities
    instructions: str | None = None


@define(slots=True)
class SubscriptionFilter(Shape):
    """What a subscription is told of; an absent member means no.

    `resource_subscriptions` are exact URIs, `task_ids` tasks of the caller.
    """

    tools_list_changed: bool | None = None
    prompts_list_changed: bool | None = None
    resources_list_changed: bool | None = None
    resource_subscriptions: list[str] | None = None
    task_ids: list[str] | None = None


@define(slots=True)
class ListenParams(Described):
    """Parameters of `subscriptions/listen`."""

    notifications: SubscriptionFilter


@define(slots=True)
class ListenResult(Described):
    """The end of a subscription, when it is the server's to end it."""


@define(slots=True)
class SubscriptionAcknowledged(Described):
    """The first notice of a subscription: what the server agreed to tell."""

    notifications: SubscriptionFilter


@define(slots=True)
class Acknowledged(Described):
    """A result that says no more than that the request was taken."""


@define(slots=True)
class DetailedTask(TaskDescriptor):
    """A task with what came of it: `result` once it completed, `error` once it failed."""

    result: CallResult | None = None
    error: CallError | None = None


@define(slots=True)
class TaskChanged(DetailedTask):
    """The notice that a task stands as it now does."""


@define(slots=True)
class UpdateTaskParams(Described):
    """Parameters of `tasks/update`: responses by the keys of the task's open requests."""

    task_id: str
    input_responses: dict[str, Any] = field(factory=dict[str, Any])
