"""What a server may ask of its client: sampling, elicitation and roots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from attrs import define, field

from .base import Described, Shape
from .calls import TaskOptions
from .content import ContentBlock, Role


@define(slots=True)
class ModelHint(Shape):
    name: str | None = None


@define(slots=True)
class ModelPreferences(Shape):
    """Priorities are between 0 and 1."""

    hints: list[ModelHint] | None = None
    cost_priority: float | None = None
    speed_priority: float | None = None
    intelligence_priority: float | None = None


@define(slots=True)
class SamplingMessage(Described):
    role: Role
    content: ContentBlock | list[ContentBlock]


@define(slots=True)
class OfTask(Described):
    """A question a task may ask: `of_task` is its id, if one does. It does not travel as a member;
    MCP 2025-11-25 puts it into the question's `_meta`."""

    of_task: str | None = field(
        default=None, kw_only=True, eq=False, repr=False, metadata={"wire": False}
    )


@define(slots=True)
class SamplingRequest(OfTask):
    """Parameters of `sampling/createMessage`: ask the client's model for a message."""

    messages: list[SamplingMessage]
    max_tokens: int
    system_prompt: str | None = None
    model_preferences: ModelPreferences | None = None
    include_context: Literal["none", "thisServer", "allServers"] | None = None
    temperature: float | None = None
    stop_sequences: list[str] | None = None
    metadata: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: dict[str, Any] | None = None
    task: TaskOptions | None = None


@define(slots=True)
class SamplingResult(Described):
    """What the client's model answered; `model` names it."""

    role: Role
    content: ContentBlock | list[ContentBlock]
    model: str
    stop_reason: str | None = None


@define(slots=True)
class ElicitationRequest(OfTask):
    """Parameters of an elicitation: a form (`requested_schema`) or a page to open (`url`)."""

    message: str
    requested_schema: dict[str, Any] | None = None
    mode: Literal["form", "url"] | None = None
    url: str | None = None
    elicitation_id: str | None = None
    task: TaskOptions | None = None


@define(slots=True)
class ElicitationResult(Described):
    """`content` is there only when `action` is `accept`. Unpacks as `action, content`."""

    action: Literal["accept", "decline", "cancel"]
    content: dict[str, Any] | None = None

    @property
    def accepted(self) -> bool:
        """Whether the user agreed."""
        return self.action == "accept"

    def __iter__(self) -> Iterator[Any]:
        return iter((self.action, self.content))


@define(slots=True)
class Root(Described):
    """A place the client opens to the server; `uri` is a `file://` URI."""

    uri: str
    name: str | None = None


@define(slots=True)
class ListRootsResult(Described):
    roots: list[Root]
