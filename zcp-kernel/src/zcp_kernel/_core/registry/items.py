"""What a registry holds: the listed shape, the handler, and the policy around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Literal

from attrs import define, field, frozen

from ...model import PromptDescriptor, ResourceDescriptor, ResourceTemplate, ToolDefinition
from ...validation import CanonicalValidator
from ..asking import Question
from ..invoke import Invocation
from ..tasks.policy import ONCE, TaskPolicy
from ..templates import UriTemplate

if TYPE_CHECKING:
    from ...context import Context

OutputMode = Literal["auto", "scalar", "inline", "handle"]
Carrier = Literal["both", "structured", "text"]
Listing = Literal["selected", "always", "unlisted"]


Watch = Callable[[str, "Context"], Awaitable[None]]


@define(slots=True)
class Tool:
    """A registered tool.

    `timeout` is in seconds. `inline_ok` True keeps an `auto` result inline whatever its size,
    False never does. `asks` is what it needs of the client before its body starts, by parameter.
    `mcp_structured` is what MCP peers get of a structured result, `mcp_handles` whether a large one
    stays here for them too, None: as configured. `listing` "always" puts the tool in every view,
    "unlisted" in none but those of profiles that bring it themselves; it can be called all the
    same, so it must not do for a caller what that caller could not do. `on_request`: it runs as a
    task only where the client asks for one, not where that is the server's to decide.
    """

    definition: ToolDefinition
    invoke: Invocation
    check: CanonicalValidator
    check_output: CanonicalValidator | None = None
    required_scopes: tuple[str, ...] = ()
    output_mode: OutputMode = "auto"
    inline_ok: bool | None = None
    timeout: float | None = None
    groups: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    asks: Mapping[str, Question] = field(factory=dict[str, Question])
    mcp_structured: Carrier | None = None
    mcp_handles: bool | None = None
    listing: Listing = "selected"
    on_request: bool = False
    policy: TaskPolicy = ONCE

    @property
    def task_support(self) -> str:
        execution = self.definition.execution
        return (execution and execution.task_support) or "forbidden"


@define(slots=True)
class Resource:
    """`watch` is told when a client wants to hear of changes of this URI."""

    descriptor: ResourceDescriptor
    invoke: Invocation
    required_scopes: tuple[str, ...] = ()
    watch: Watch | None = None


@define(slots=True)
class Template:
    descriptor: ResourceTemplate
    pattern: UriTemplate
    invoke: Invocation
    required_scopes: tuple[str, ...] = ()
    watch: Watch | None = None


@define(slots=True)
class Prompt:
    descriptor: PromptDescriptor
    invoke: Invocation
    required_scopes: tuple[str, ...] = ()
    required: tuple[str, ...] = field(default=())


@frozen
class Completion:
    """`ref` is a prompt's name or the URI of a resource or template."""

    ref: str
    invoke: Invocation


@define(slots=True)
class TaskKind:
    """A registered kind of task; `check` is there when it declared an input schema."""

    kind: str
    invoke: Invocation
    description: str | None = None
    check: CanonicalValidator | None = None
    required_scopes: tuple[str, ...] = ()
    timeout: float | None = None
    policy: TaskPolicy = ONCE
