"""The operations the model has shapes for, and the method tables dialects make of them.

The tables here are the one place that says which classes an operation takes and gives. A dialect
names methods and brings a codec; `CodecRevision` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from attrs import define, field, frozen

from . import errors, model
from .client_side import SESSION_SIDE
from .codec import ModelCodec
from .contracts import ClientSide, Method, Operation
from .jsontext import is_object

if TYPE_CHECKING:
    from .runtime import Kernel

Convert = Callable[[Any], Any]


@frozen
class Entry:
    """An operation and its shapes. `read_result`, where a result may be one of several shapes,
    decodes it: the codec and the JSON in, the shape out."""

    operation: str
    params: type
    result: type
    read_result: Callable[[ModelCodec, Any], Any] | None = None


def read_call_result(codec: ModelCodec, raw: Any) -> Any:
    """The result of `tools/call`: a task, nested in `task` or flat, or else a `CallResult`."""
    if is_object(raw) and (is_object(raw.get("task")) or "taskId" in raw):
        return read_created_task(codec, raw)
    return codec.decode(model.CallResult, raw)


def read_created_task(codec: ModelCodec, raw: Any) -> model.CreateTaskResult:
    """A task just created, nested in `task` or flat: which of them, no reader need know."""
    if is_object(raw) and "task" not in raw:
        return model.CreateTaskResult(task=codec.decode(model.TaskDescriptor, raw))
    return codec.decode(model.CreateTaskResult, raw)


def read_list_result(codec: ModelCodec, raw: Any) -> Any:
    """The result of `tools/list`: tools, or what changed since the view the client knows."""
    if is_object(raw) and ("unchanged" in raw or "base" in raw):
        return codec.decode(model.ViewChange, raw)
    return codec.decode(model.ListToolsResult, raw)


REQUESTS: tuple[Entry, ...] = (
    Entry("initialize", model.InitializeParams, model.InitializeResult),
    Entry("ping", model.Empty, model.PingResult),
    Entry("tools/list", model.ListToolsParams, model.ListToolsResult, read_list_result),
    Entry("tools/describe", model.DescribeToolsParams, model.FoundTools),
    Entry("tools/search", model.SearchToolsParams, model.FoundTools),
    Entry("tools/call", model.CallRequest, model.CallResult, read_call_result),
    Entry("tools/pipeline", model.PipelineParams, model.PipelineResult),
    Entry("handles/list", model.ListHandlesParams, model.ListHandlesResult),
    Entry("handles/get", model.HandleParams, model.GetHandleResult),
    Entry("handles/read", model.ReadHandleParams, model.ReadHandleResult),
    Entry("handles/count", model.HandleParams, model.CountHandleResult),
    Entry("handles/release", model.HandleParams, model.Empty),
    Entry("resources/list", model.ListParams, model.ListResourcesResult),
    Entry("resources/templates/list", model.ListParams, model.ListResourceTemplatesResult),
    Entry("resources/read", model.ReadResourceParams, model.ReadResourceResult),
    Entry("resources/subscribe", model.SubscribeParams, model.Empty),
    Entry("resources/unsubscribe", model.SubscribeParams, model.Empty),
    Entry("prompts/list", model.ListParams, model.ListPromptsResult),
    Entry("prompts/get", model.GetPromptParams, model.GetPromptResult),
    Entry("completion/complete", model.CompletionRequest, model.CompletionResult),
    Entry("logging/setLevel", model.SetLevelParams, model.Empty),
    Entry("tasks/create", model.CreateTaskParams, model.CreateTaskResult, read_created_task),
    Entry("tasks/list", model.ListTasksParams, model.ListTasksResult),
    Entry("tasks/get", model.TaskParams, model.TaskDescriptor),
    Entry("tasks/result", model.TaskParams, model.TaskPayload),
    Entry("tasks/answer", model.AnswerTaskParams, model.TaskDescriptor),
    Entry("tasks/cancel", model.TaskParams, model.TaskDescriptor),
)
"""What a client may ask of a server, by native method name."""

PEER_REQUESTS: tuple[Entry, ...] = (
    Entry("ping", model.Empty, model.PingResult),
    Entry("roots/list", model.Empty, model.ListRootsResult),
    Entry("sampling/createMessage", model.SamplingRequest, model.SamplingResult),
    Entry("elicitation/request", model.ElicitationRequest, model.ElicitationResult),
)
"""What a server may ask of its client, by native method name."""

NOTICES: Mapping[str, type] = {
    "notifications/initialized": model.Initialized,
    "notifications/cancelled": model.Cancelled,
    "notifications/progress": model.Progress,
    "notifications/message": model.LogMessage,
    "notifications/resources/updated": model.ResourceUpdated,
    "notifications/tools/list_changed": model.ToolListChanged,
    "notifications/prompts/list_changed": model.PromptListChanged,
    "notifications/resources/list_changed": model.ResourceListChanged,
    "notifications/roots/list_changed": model.RootsListChanged,
    "notifications/elicitation/complete": model.ElicitationComplete,
    "notifications/tasks/status": model.TaskStatusChanged,
}
"""What either side may say unasked, by wire method."""


def request_method(codec: ModelCodec, entry: Entry, method: str | None = None) -> Method:
    """How a request travels; `method` is its name on the wire (None: the operation's).

    Absent parameters are read as an empty object. A result is encoded by its own class, so that a
    handler may give any shape the operation allows. Codecs are made at the first message.
    """
    return Method(
        method=method or entry.operation,
        operation=entry.operation,
        decode_params=_decode_params(codec, entry.params),
        encode_params=codec.encode,
        decode_result=_decode_result(codec, entry),
        encode_result=codec.encode,
    )


def notice_method(codec: ModelCodec, method: str, cls: type) -> Method:
    """How a notification travels; it has no result, so those two functions change nothing."""
    return Method(
        method=method,
        operation=cls.__name__,
        decode_params=_decode_params(codec, cls),
        encode_params=codec.encode,
        decode_result=_unchanged,
        encode_result=_unchanged,
    )


def _unchanged(value: Any) -> Any:
    return value


def _decode_params(codec: ModelCodec, cls: type) -> Convert:
    decode: Convert | None = None

    def decode_params(raw: Any) -> Any:
        nonlocal decode
        if decode is None:
            decode = codec.decoder(cls)
        return decode({} if raw is None else raw)

    return decode_params


def _decode_result(codec: ModelCodec, entry: Entry) -> Convert:
    read = entry.read_result
    cls: type[Any] = entry.result

    def decode_result(raw: Any) -> Any:
        return codec.decode(cls, raw) if read is None else read(codec, raw)

    return decode_result


def own_error(error: errors.ZCPError) -> dict[str, Any]:
    """The `error` member with the error's own code: `{code, message, data?}`.

    Of an internal error only the id under which the log has its cause is told.
    """
    if isinstance(error, errors.InternalError):
        data = error.data
        reference = {"id": data["id"]} if is_object(data) and "id" in data else None
        return _error(error.code, "internal error", reference)
    return _error(error.code, error.message, error.data)


def _error(code: int, message: str, data: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        body["data"] = data
    return body


@define(eq=False)
class CodecRevision:
    """A `Revision` made of a codec and tables; a dialect author subclasses it for what differs.

    `request_entries`, `peer_entries` and `notice_classes` are keyed by wire method. When one
    operation has several methods, the one to use when sending comes last.
    """

    name: str
    dialect: str
    codec: ModelCodec = field(repr=False)
    request_entries: Mapping[str, Entry] = field(repr=False)
    peer_entries: Mapping[str, Entry] = field(repr=False)
    notice_classes: Mapping[str, type] = field(repr=False)
    allows_batch: bool = False
    stateless: bool = False
    replays: bool = False
    omits_unknown_id: bool = False
    primes_streams: bool = False
    task_mode: Literal["requested", "decided"] | None = "requested"
    client: ClientSide = field(default=SESSION_SIDE, repr=False)
    requests: Mapping[str, Method] = field(init=False, repr=False)
    peer_requests: Mapping[str, Method] = field(init=False, repr=False)
    notifications: Mapping[str, Method] = field(init=False, repr=False)
    notices: Mapping[type, Method] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        codec = self.codec
        self.requests = {
            method: request_method(codec, entry, method)
            for method, entry in self.request_entries.items()
        }
        self.peer_requests = {
            entry.operation: request_method(codec, entry, method)
            for method, entry in self.peer_entries.items()
        }
        self.notifications = {
            method: notice_method(codec, method, cls) for method, cls in self.notice_classes.items()
        }
        self.notices = {
            cls: self.notifications[method] for method, cls in self.notice_classes.items()
        }

    def method_of(self, operation: Operation) -> str | None:
        """This dialect's method for a further operation, None if it does not offer it."""
        return operation.methods.get(self.dialect) or None

    def extend(self, operations: Iterable[Operation]) -> Mapping[str, Method]:
        """`requests` and the methods of these operations. One that is in `requests` already keeps
        the method it has there."""
        table = dict(self.requests)
        present = {method.operation for method in table.values()}
        for operation in operations:
            method = self.method_of(operation)
            if method is not None and operation.name not in present:
                entry = Entry(operation.name, operation.params, operation.result)
                table[method] = request_method(self.codec, entry, method)
        return table

    def result_encoder(self, method: Method, kernel: Kernel) -> Convert:
        """The method's own encoder: a result says nothing of its server."""
        return method.encode_result

    def rescue(self, operation: str, error: errors.ZCPError) -> Any | None:
        """None: every error is answered as one."""
        return None

    def error(self, operation: str | None, error: errors.ZCPError) -> dict[str, Any]:
        """The error under its own code."""
        return own_error(error)

    def takes_tasks(self, capabilities: model.Capabilities) -> bool:
        """Every client that can ask for a task can be answered with one."""
        return self.task_mode == "requested"

    def http_status(self, error: errors.ZCPError | None) -> int:
        """A JSON-RPC error is an answer like any other, unless no exchange came of it."""
        if isinstance(error, errors.Forbidden):
            return 403
        return 400 if isinstance(error, errors.ParseError | errors.InvalidRequest) else 200
