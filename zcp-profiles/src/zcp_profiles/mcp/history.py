"""Which revision of MCP has which member, content block, method and notification: data only.

What is not listed has been there since 2024-11-05 and still is. Source: the five published
schemas, against which the tests hold this table.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen
from zcp_kernel import model

R1, R2, R3, R4, R5 = "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"

REVISIONS = (R1, R2, R3, R4, R5)
HANDSHAKE = (R1, R2, R3, R4)
"""Revisions a session is opened in by `initialize`."""

STATELESS = (R5,)
"""Revisions in which every request says who asks, and for itself which revision it is in."""


@frozen
class Span:
    """From one revision to another, both included; `until` None: to this day."""

    since: str = R1
    until: str | None = None

    def __contains__(self, revision: str) -> bool:
        # Revisions are dates in ISO 8601: their order is that of the strings.
        return self.since <= revision and (self.until is None or revision <= self.until)


ALWAYS = Span()
NEVER = Span("9999-12-31")
ONLY_R4 = Span(R4, R4)

MEMBERS: Mapping[tuple[type, str], Span] = {
    # Who is who
    (model.Implementation, "title"): Span(R3),
    (model.Implementation, "description"): Span(R4),
    (model.Implementation, "website_url"): Span(R4),
    (model.Implementation, "icons"): Span(R4),
    (model.Capabilities, "completions"): Span(R2),
    (model.Capabilities, "elicitation"): Span(R3),
    (model.Capabilities, "tasks"): ONLY_R4,
    (model.Capabilities, "extensions"): Span(R5),
    (model.Capabilities, "handles"): NEVER,
    (model.InitializeResult, "auth"): NEVER,
    (model.PingResult, "ok"): NEVER,
    # Tools
    (model.ToolDefinition, "annotations"): Span(R2),
    (model.ToolDefinition, "title"): Span(R3),
    (model.ToolDefinition, "output_schema"): Span(R3),
    (model.ToolDefinition, "meta"): Span(R3),
    (model.ToolDefinition, "icons"): Span(R4),
    (model.ToolDefinition, "execution"): ONLY_R4,
    (model.ToolDefinition, "signature"): NEVER,
    (model.ListToolsParams, "profile"): NEVER,
    (model.ListToolsParams, "groups"): NEVER,
    (model.ListToolsParams, "exclude_groups"): NEVER,
    (model.ListToolsParams, "stages"): NEVER,
    (model.ListToolsParams, "detail"): NEVER,
    (model.ListToolsParams, "known"): NEVER,
    (model.ListToolsResult, "profile"): NEVER,
    (model.ListToolsResult, "hash"): NEVER,
    (model.CallRequest, "task"): ONLY_R4,
    (model.TaskOptions, "poll_interval"): NEVER,
    (model.CallResult, "structured_content"): Span(R3),
    (model.CallResult, "handle"): NEVER,
    (model.CallResult, "preview"): NEVER,
    (model.Retried, "input_responses"): Span(R5),
    (model.Retried, "request_state"): Span(R5),
    (model.Cacheable, "ttl_ms"): Span(R5),
    (model.Cacheable, "cache_scope"): Span(R5),
    # Resources, prompts, completion
    (model.ResourceDescriptor, "title"): Span(R3),
    (model.ResourceDescriptor, "meta"): Span(R3),
    (model.ResourceDescriptor, "icons"): Span(R4),
    (model.ResourceTemplate, "title"): Span(R3),
    (model.ResourceTemplate, "meta"): Span(R3),
    (model.ResourceTemplate, "icons"): Span(R4),
    (model.ResourceContents, "meta"): Span(R3),
    (model.PromptDescriptor, "title"): Span(R3),
    (model.PromptDescriptor, "meta"): Span(R3),
    (model.PromptDescriptor, "icons"): Span(R4),
    (model.PromptArgument, "title"): Span(R3),
    (model.CompletionRequest, "context"): Span(R3),
    # Content
    (model.Annotations, "last_modified"): Span(R3),
    (model.TextContent, "meta"): Span(R3),
    (model.ImageContent, "meta"): Span(R3),
    (model.AudioContent, "meta"): Span(R3),
    (model.EmbeddedResource, "meta"): Span(R3),
    (model.ResourceLink, "icons"): Span(R4),
    # Asking the client
    (model.Root, "meta"): Span(R3),
    (model.ListRootsResult, "meta"): Span(R1, R4),
    (model.SamplingMessage, "meta"): Span(R4),
    (model.SamplingRequest, "tools"): Span(R4),
    (model.SamplingRequest, "tool_choice"): Span(R4),
    (model.SamplingRequest, "task"): ONLY_R4,
    (model.SamplingRequest, "meta"): Span(R1, R4),
    (model.ElicitationRequest, "mode"): Span(R4),
    (model.ElicitationRequest, "url"): Span(R4),
    (model.ElicitationRequest, "elicitation_id"): ONLY_R4,
    (model.ElicitationRequest, "task"): ONLY_R4,
    (model.ElicitationRequest, "meta"): Span(R3, R4),
    (model.ElicitationResult, "meta"): Span(R3, R4),
    # Notices and tasks
    (model.Progress, "message"): Span(R2),
    (model.TaskDescriptor, "input_requests"): NEVER,
}
"""Members by class and attribute; a subclass inherits its base's lines."""

NESTED: Mapping[tuple[type, str], Mapping[str, Span]] = {
    (model.Capabilities, "roots"): {"listChanged": Span(R1, R4)},
    (model.Capabilities, "sampling"): {"context": Span(R4), "tools": Span(R4)},
    (model.Capabilities, "elicitation"): {"form": Span(R4), "url": Span(R4)},
    (model.CompletionRequest, "ref"): {"title": Span(R3)},
}
"""Members of values the model keeps as plain objects."""

BLOCKS: Mapping[type, Span] = {
    model.AudioContent: Span(R2),
    model.ResourceLink: Span(R3),
    model.ToolUseContent: Span(R4),
    model.ToolResultContent: Span(R4),
}
"""Content blocks."""

REQUESTS: Mapping[str, tuple[str, Span]] = {
    "initialize": ("initialize", Span(R1, R4)),
    "ping": ("ping", Span(R1, R4)),
    "tools/list": ("tools/list", ALWAYS),
    "tools/call": ("tools/call", ALWAYS),
    "resources/list": ("resources/list", ALWAYS),
    "resources/templates/list": ("resources/templates/list", ALWAYS),
    "resources/read": ("resources/read", ALWAYS),
    "resources/subscribe": ("resources/subscribe", Span(R1, R4)),
    "resources/unsubscribe": ("resources/unsubscribe", Span(R1, R4)),
    "prompts/list": ("prompts/list", ALWAYS),
    "prompts/get": ("prompts/get", ALWAYS),
    "completion/complete": ("completion/complete", ALWAYS),
    "logging/setLevel": ("logging/setLevel", Span(R1, R4)),
    "tasks/get": ("tasks/get", ONLY_R4),
    "tasks/result": ("tasks/result", ONLY_R4),
    "tasks/list": ("tasks/list", ONLY_R4),
    "tasks/cancel": ("tasks/cancel", ONLY_R4),
    "mcp/discover": ("server/discover", Span(R5)),
    "mcp/listen": ("subscriptions/listen", Span(R5)),
    "mcp/tasks/get": ("tasks/get", Span(R5)),
    "mcp/tasks/update": ("tasks/update", Span(R5)),
    "mcp/tasks/cancel": ("tasks/cancel", Span(R5)),
}
"""What a client may ask: operation -> method and span. Operations not named are native only; those
of `mcp/` are MCP only."""

PEER_REQUESTS: Mapping[str, tuple[str, Span]] = {
    "ping": ("ping", Span(R1, R4)),
    "roots/list": ("roots/list", ALWAYS),
    "sampling/createMessage": ("sampling/createMessage", ALWAYS),
    "elicitation/request": ("elicitation/create", Span(R3)),
}
"""What a server may ask; from 2026-07-28 on only embedded in a result."""

NOTICES: Mapping[type, Span] = {
    model.Initialized: Span(R1, R4),
    model.RootsListChanged: Span(R1, R4),
    model.ElicitationComplete: ONLY_R4,
    model.TaskStatusChanged: ONLY_R4,
    model.SubscriptionAcknowledged: Span(R5),
    model.TaskChanged: Span(R5),
}
"""Notifications."""

CLIENT_CAPABILITIES = frozenset(
    {"experimental", "extensions", "tasks", "roots", "sampling", "elicitation"}
)
SERVER_CAPABILITIES = frozenset(
    {
        "experimental",
        "extensions",
        "tasks",
        "logging",
        "completions",
        "prompts",
        "resources",
        "tools",
    }
)

COMPLETE_RESULTS: tuple[type, ...] = (
    model.CallResult,
    model.ListToolsResult,
    model.ListResourcesResult,
    model.ListResourceTemplatesResult,
    model.ReadResourceResult,
    model.ListPromptsResult,
    model.GetPromptResult,
    model.CompletionResult,
    model.DiscoverResult,
    model.ListenResult,
    model.Acknowledged,
)
"""Results that say `resultType: "complete"` from 2026-07-28 on."""


def has_member(cls: type, name: str, revision: str) -> bool:
    """Whether this attribute of a class exists in a revision."""
    for owner in cls.__mro__:
        span = MEMBERS.get((owner, name))
        if span is not None:
            return revision in span
    return True
