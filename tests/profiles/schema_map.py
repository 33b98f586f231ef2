"""Which class of the model is which definition of the published MCP schemas: data only."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from zcp_kernel import model
from zcp_profiles.mcp.history import R1, R2, R3, R4, REVISIONS, STATELESS

HANDSHAKE = (R1, R2, R3, R4)
FROM_R2, FROM_R3, FROM_R4 = REVISIONS[1:], REVISIONS[2:], REVISIONS[3:]


@frozen
class Case:
    """An instance of `cls`, with `given` members and the rest filled in, is `definition`.

    `params` says that the class is that request's or notification's `params`. `beyond` names
    members that are sent although the schema does not require them; `without` attributes are left
    out of the full instance.
    """

    cls: type
    definition: str
    revisions: tuple[str, ...] = REVISIONS
    params: bool = False
    given: dict[str, Any] | None = None
    without: tuple[str, ...] = ()
    beyond: frozenset[str] = frozenset()
    covers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.cls.__name__}-{self.definition}"


def _params(cls: type, name: str, revisions: tuple[str, ...] = REVISIONS, **more: Any) -> Case:
    stem = name.removesuffix("Request").removesuffix("Notification")
    kind = name.removeprefix(stem)
    return Case(
        cls,
        name,
        revisions,
        params=True,
        covers=(f"{stem}{kind}Params", *more.pop("covers", ())),
        **more,
    )


_TEXT = {"text": "x", "blob": None}
_BLOB = {"text": None, "blob": "aGk="}
_FORM = {"url": None, "elicitation_id": None, "mode": "form"}
_PAGE = {
    "url": "https://example.org",
    "requested_schema": None,
    "mode": "url",
    "elicitation_id": "e",
}
_IS_ERROR = frozenset({"isError"})
_CORE_ALONE = {"task_ids": None}
_FILTERED = {"notifications": model.SubscriptionFilter(True, True, True, ["file:///a"])}
_TAGGED = {"meta": {"io.modelcontextprotocol/subscriptionId": 7}}
_EMPTY_FORM: dict[str, Any] = {"type": "object", "properties": {}}
_QUESTION = model.ElicitationRequest("x", _EMPTY_FORM)
_ASKED = {
    "input_requests": {
        "roots": model.InputRequest("roots/list", model.Empty()),
        "form": model.InputRequest("elicitation/request", _QUESTION),
    }
}
_LIST = ("PaginatedRequest", "PaginatedRequestParams", "PaginatedResult", "Cursor")

CASES: tuple[Case, ...] = (
    # Handshake
    Case(model.Implementation, "Implementation"),
    _params(model.InitializeParams, "InitializeRequest", HANDSHAKE),
    Case(model.InitializeResult, "InitializeResult", HANDSHAKE),
    # Tools
    Case(model.ToolDefinition, "Tool"),
    Case(model.ToolAnnotations, "ToolAnnotations", FROM_R2),
    Case(model.ToolExecution, "ToolExecution", (R4,)),
    _params(model.ListToolsParams, "ListToolsRequest", covers=_LIST),
    Case(model.ListToolsResult, "ListToolsResult"),
    _params(model.CallRequest, "CallToolRequest"),
    Case(model.TaskOptions, "TaskMetadata", (R4,)),
    Case(model.CallResult, "CallToolResult", beyond=_IS_ERROR),
    # Resources
    Case(model.ResourceDescriptor, "Resource"),
    Case(model.ResourceTemplate, "ResourceTemplate"),
    Case(model.ResourceContents, "TextResourceContents", given=_TEXT, covers=("ResourceContents",)),
    Case(model.ResourceContents, "BlobResourceContents", given=_BLOB),
    _params(model.ListParams, "ListResourcesRequest"),
    Case(model.ListResourcesResult, "ListResourcesResult"),
    _params(model.ListParams, "ListResourceTemplatesRequest"),
    Case(model.ListResourceTemplatesResult, "ListResourceTemplatesResult"),
    _params(model.ReadResourceParams, "ReadResourceRequest"),
    Case(model.ReadResourceResult, "ReadResourceResult"),
    _params(model.SubscribeParams, "SubscribeRequest", HANDSHAKE),
    _params(model.SubscribeParams, "UnsubscribeRequest", HANDSHAKE),
    # Prompts, completion, logging
    Case(model.PromptDescriptor, "Prompt"),
    Case(model.PromptArgument, "PromptArgument"),
    Case(model.PromptMessage, "PromptMessage"),
    _params(model.ListParams, "ListPromptsRequest"),
    Case(model.ListPromptsResult, "ListPromptsResult"),
    _params(model.GetPromptParams, "GetPromptRequest"),
    Case(model.GetPromptResult, "GetPromptResult"),
    _params(model.CompletionRequest, "CompleteRequest"),
    Case(model.CompletionResult, "CompleteResult"),
    _params(model.SetLevelParams, "SetLevelRequest", HANDSHAKE),
    # Content
    Case(model.Annotations, "Annotations", FROM_R2),
    Case(model.Icon, "Icon", FROM_R4),
    Case(model.TextContent, "TextContent"),
    Case(model.ImageContent, "ImageContent"),
    Case(model.AudioContent, "AudioContent", FROM_R2),
    Case(model.EmbeddedResource, "EmbeddedResource"),
    Case(model.ResourceLink, "ResourceLink", FROM_R3),
    Case(model.ToolUseContent, "ToolUseContent", FROM_R4),
    Case(model.ToolResultContent, "ToolResultContent", FROM_R4),
    # Asking the client
    Case(model.Root, "Root"),
    Case(model.ListRootsResult, "ListRootsResult"),
    Case(model.ModelHint, "ModelHint"),
    Case(model.ModelPreferences, "ModelPreferences"),
    Case(model.SamplingMessage, "SamplingMessage"),
    _params(model.SamplingRequest, "CreateMessageRequest"),
    Case(model.SamplingResult, "CreateMessageResult"),
    _params(model.ElicitationRequest, "ElicitRequest", (R3,), given={"url": None}),
    Case(model.ElicitationRequest, "ElicitRequestFormParams", FROM_R4, given=_FORM),
    Case(model.ElicitationRequest, "ElicitRequestURLParams", FROM_R4, given=_PAGE),
    Case(model.ElicitationResult, "ElicitResult", FROM_R3, given={"content": {"a": "b"}}),
    # Notifications
    _params(model.Initialized, "InitializedNotification", HANDSHAKE),
    _params(model.Cancelled, "CancelledNotification", given={"request_id": 1}),
    _params(model.Progress, "ProgressNotification"),
    _params(model.LogMessage, "LoggingMessageNotification"),
    _params(model.ResourceUpdated, "ResourceUpdatedNotification"),
    _params(model.ToolListChanged, "ToolListChangedNotification"),
    _params(model.PromptListChanged, "PromptListChangedNotification"),
    _params(model.ResourceListChanged, "ResourceListChangedNotification"),
    _params(model.RootsListChanged, "RootsListChangedNotification", HANDSHAKE),
    _params(model.ElicitationComplete, "ElicitationCompleteNotification", (R4,)),
    _params(model.TaskStatusChanged, "TaskStatusNotification", (R4,)),
    # Tasks
    Case(model.TaskDescriptor, "GetTaskResult", (R4,), covers=("Task",)),
    Case(model.TaskDescriptor, "CancelTaskResult", (R4,)),
    Case(model.CreateTaskResult, "CreateTaskResult", (R4,)),
    Case(model.ListTasksResult, "ListTasksResult", (R4,)),
    _params(model.ListTasksParams, "ListTasksRequest", (R4,)),
    _params(model.TaskParams, "GetTaskRequest", (R4,)),
    _params(model.TaskParams, "GetTaskPayloadRequest", (R4,)),
    _params(model.TaskParams, "CancelTaskRequest", (R4,)),
    # Nothing of its own
    _params(model.Empty, "PingRequest", HANDSHAKE),
    _params(model.Empty, "ListRootsRequest"),
    Case(model.PingResult, "EmptyResult", HANDSHAKE, covers=("Result",)),
    Case(model.Acknowledged, "EmptyResult", STATELESS, covers=("Result",)),
    # Without a session
    _params(model.Empty, "DiscoverRequest", STATELESS),
    Case(model.DiscoverResult, "DiscoverResult", STATELESS),
    Case(model.InputRequiredResult, "InputRequiredResult", STATELESS, given=_ASKED),
    Case(model.SubscriptionFilter, "SubscriptionFilter", STATELESS, given=_CORE_ALONE),
    _params(model.ListenParams, "SubscriptionsListenRequest", STATELESS, given=_FILTERED),
    Case(
        model.ListenResult,
        "SubscriptionsListenResult",
        STATELESS,
        given=_TAGGED,
        covers=("SubscriptionsListenResultMetaObject",),
    ),
    _params(
        model.SubscriptionAcknowledged,
        "SubscriptionsAcknowledgedNotification",
        STATELESS,
        given=_FILTERED,
    ),
)

_ENVELOPE = "the JSON-RPC envelope: the kernel's, not a codec's"
_UNION = "a union of definitions that are mapped one by one"
_BASE = "a base of definitions that are mapped one by one"
_SCALAR = "a scalar: a string, an integer or an enumeration"
_JSON = "any JSON, passed on as it is"
_FORM_SCHEMA = "a field of a form schema: JSON Schema passed on as it is (see test_elicitation)"
_ERROR = "an error: made by Revision.error, tested in test_revisions"
_SIDE = "one side of Capabilities: tested in test_capabilities"
_REF = "a reference inside CompletionRequest.ref, passed on as an object"

UNMAPPED: dict[str, str] = {
    "Annotated": "an abstract base in 2024-11-05; blocks inherit its one member",
    "BaseMetadata": _BASE,
    "Icons": _BASE,
    "CacheableResult": _BASE,
    "InputResponseRequestParams": _BASE,
    "NotificationParams": _BASE,
    "RequestParams": _BASE,
    "ResourceRequestParams": _BASE,
    "TaskAugmentedRequestParams": _BASE,
    "ClientCapabilities": _SIDE,
    "ServerCapabilities": _SIDE,
    "ClientNotification": _UNION,
    "ClientRequest": _UNION,
    "ClientResult": _UNION,
    "ServerNotification": _UNION,
    "ServerRequest": _UNION,
    "ServerResult": _UNION,
    "ContentBlock": _UNION,
    "SamplingMessageContentBlock": _UNION,
    "ElicitRequestParams": _UNION,
    "ElicitRequest": _UNION,
    "InputRequest": _UNION,
    "InputResponse": _UNION,
    "PrimitiveSchemaDefinition": _UNION,
    "InputRequests": _JSON,
    "InputResponses": _JSON,
    "JSONArray": _JSON,
    "JSONObject": _JSON,
    "JSONValue": _JSON,
    "MetaObject": _JSON,
    "NotificationMetaObject": _JSON,
    "RequestMetaObject": _JSON,
    "ResultMetaObject": _JSON,
    "ToolChoice": _JSON,
    "GetTaskPayloadResult": "the original result itself: tested in test_results",
    "RelatedTaskMetadata": "a value inside _meta: tested in test_results",
    "PromptReference": _REF,
    "ResourceReference": _REF,
    "ResourceTemplateReference": _REF,
    "LoggingLevel": _SCALAR,
    "ProgressToken": _SCALAR,
    "RequestId": _SCALAR,
    "ResultType": _SCALAR,
    "Role": _SCALAR,
    "TaskStatus": _SCALAR,
    "BooleanSchema": _FORM_SCHEMA,
    "EnumSchema": _FORM_SCHEMA,
    "LegacyTitledEnumSchema": _FORM_SCHEMA,
    "MultiSelectEnumSchema": _FORM_SCHEMA,
    "NumberSchema": _FORM_SCHEMA,
    "SingleSelectEnumSchema": _FORM_SCHEMA,
    "StringSchema": _FORM_SCHEMA,
    "TitledMultiSelectEnumSchema": _FORM_SCHEMA,
    "TitledSingleSelectEnumSchema": _FORM_SCHEMA,
    "UntitledMultiSelectEnumSchema": _FORM_SCHEMA,
    "UntitledSingleSelectEnumSchema": _FORM_SCHEMA,
    "Error": _ERROR,
    "HeaderMismatchError": _ERROR,
    "InternalError": _ERROR,
    "InvalidParamsError": _ERROR,
    "InvalidRequestError": _ERROR,
    "MethodNotFoundError": _ERROR,
    "MissingRequiredClientCapabilityError": _ERROR,
    "ParseError": _ERROR,
    "URLElicitationRequiredError": _ERROR,
    "UnsupportedProtocolVersionError": _ERROR,
    "JSONRPCBatchRequest": _ENVELOPE,
    "JSONRPCBatchResponse": _ENVELOPE,
    "JSONRPCError": _ENVELOPE,
    "JSONRPCErrorResponse": _ENVELOPE,
    "JSONRPCMessage": _ENVELOPE,
    "JSONRPCNotification": _ENVELOPE,
    "JSONRPCRequest": _ENVELOPE,
    "JSONRPCResponse": _ENVELOPE,
    "JSONRPCResultResponse": _ENVELOPE,
    "Notification": _ENVELOPE,
    "Request": _ENVELOPE,
    "CallToolResultResponse": _ENVELOPE,
    "CompleteResultResponse": _ENVELOPE,
    "DiscoverResultResponse": _ENVELOPE,
    "GetPromptResultResponse": _ENVELOPE,
    "ListPromptsResultResponse": _ENVELOPE,
    "ListResourceTemplatesResultResponse": _ENVELOPE,
    "ListResourcesResultResponse": _ENVELOPE,
    "ListToolsResultResponse": _ENVELOPE,
    "ReadResourceResultResponse": _ENVELOPE,
    "SubscriptionsListenResultResponse": _ENVELOPE,
}
"""Definitions that are no class of the model, and why."""
