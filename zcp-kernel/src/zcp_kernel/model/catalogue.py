"""What a server offers: tools, resources, templates and prompts, as listed."""

from __future__ import annotations

from typing import Any, Literal

from attrs import define, field

from .base import Described, Shape
from .calls import Retried
from .content import Annotations, ContentBlock, Icon, ResourceContents, Role


@define(slots=True)
class ToolAnnotations(Shape):
    """Hints about a tool's behaviour; never a promise."""

    title: str | None = None
    read_only_hint: bool | None = None
    destructive_hint: bool | None = None
    idempotent_hint: bool | None = None
    open_world_hint: bool | None = None


@define(slots=True)
class ToolExecution(Shape):
    """How a tool may be run; `task_support` says whether a call may become a task."""

    task_support: Literal["forbidden", "optional", "required"] | None = None


@define(slots=True)
class ToolDefinition(Described):
    """A tool as a client sees it. Schemas are JSON Schema 2020-12 and travel verbatim.

    `signature` says in one line how it is called; it stands for the schema where the native plane
    lists tools in brief.
    """

    name: str
    description: str | None = None
    input_schema: dict[str, Any] = field(factory=lambda: {"type": "object"})
    output_schema: dict[str, Any] | None = None
    title: str | None = None
    annotations: ToolAnnotations | None = None
    icons: list[Icon] | None = None
    execution: ToolExecution | None = None
    signature: str | None = None


@define(slots=True)
class ResourceDescriptor(Described):
    """A resource as listed; `size` is in bytes."""

    uri: str
    name: str
    title: str | None = None
    description: str | None = None
    mime_type: str | None = None
    size: int | None = None
    annotations: Annotations | None = None
    icons: list[Icon] | None = None


@define(slots=True)
class ResourceTemplate(Described):
    """A family of resources, addressed by an RFC 6570 URI template."""

    uri_template: str
    name: str
    title: str | None = None
    description: str | None = None
    mime_type: str | None = None
    annotations: Annotations | None = None
    icons: list[Icon] | None = None


@define(slots=True)
class PromptArgument(Shape):
    """One argument of a prompt; values are strings."""

    name: str
    description: str | None = None
    required: bool | None = None
    title: str | None = None


@define(slots=True)
class PromptDescriptor(Described):
    """A prompt as listed."""

    name: str
    description: str | None = None
    arguments: list[PromptArgument] | None = None
    title: str | None = None
    icons: list[Icon] | None = None


@define(slots=True)
class PromptMessage(Shape):
    role: Role
    content: ContentBlock


@define(slots=True)
class ListParams(Described):
    """Parameters of a paged list; `cursor` is opaque and may be an empty string."""

    cursor: str | None = None


Detail = Literal["names", "brief", "full"]
"""How much of a tool is told: its name; also one line and its call signature; everything."""


@define(slots=True)
class ListToolsParams(ListParams):
    """Parameters of `tools/list`; everything but `cursor` is the native plane's.

    `known` is the hash of the view the client has, empty (null on the wire) if it has none yet;
    None asks for no hash.
    """

    profile: str | None = None
    groups: list[str] | None = None
    exclude_groups: list[str] | None = None
    stages: list[str] | None = None
    detail: Detail | None = None
    known: str | None = None


@define(slots=True)
class Cacheable(Described):
    """A result its reader may keep: for `ttl_ms` milliseconds, for everybody or for this caller
    (MCP 2026-07-28, server/utilities/caching)."""

    ttl_ms: int | None = field(default=None, kw_only=True)
    cache_scope: Literal["public", "private"] | None = field(default=None, kw_only=True)


@define(slots=True)
class ListToolsResult(Cacheable):
    tools: list[ToolDefinition]
    next_cursor: str | None = None
    profile: str | None = None
    hash: str | None = None


@define(slots=True)
class ListResourcesResult(Cacheable):
    resources: list[ResourceDescriptor]
    next_cursor: str | None = None


@define(slots=True)
class ListResourceTemplatesResult(Cacheable):
    resource_templates: list[ResourceTemplate]
    next_cursor: str | None = None


@define(slots=True)
class ListPromptsResult(Cacheable):
    prompts: list[PromptDescriptor]
    next_cursor: str | None = None


@define(slots=True)
class ReadResourceParams(Retried):
    uri: str


@define(slots=True)
class ReadResourceResult(Cacheable):
    contents: list[ResourceContents]


@define(slots=True)
class SubscribeParams(Described):
    """Parameters of `resources/subscribe` and `resources/unsubscribe`."""

    uri: str


@define(slots=True)
class GetPromptParams(Retried):
    name: str
    arguments: dict[str, str] | None = None


@define(slots=True)
class GetPromptResult(Described):
    messages: list[PromptMessage]
    description: str | None = None


@define(slots=True)
class CompletionRequest(Described):
    """A request for argument completions.

    `ref` is `{"type": "ref/prompt", "name": …}` or `{"type": "ref/resource", "uri": …}`; `argument`
    is the argument's name, `value` what has been typed so far, `context` the arguments already
    resolved. On the wire `argument` and `value` travel as `argument: {name, value}` and `context`
    as `context: {arguments}`.
    """

    ref: dict[str, Any]
    argument: str
    value: str = ""
    context: dict[str, str] = field(factory=dict[str, str])


@define(slots=True)
class CompletionResult(Described):
    """At most 100 values; on the wire they are nested under `completion`."""

    values: list[str]
    total: int | None = None
    has_more: bool | None = None
