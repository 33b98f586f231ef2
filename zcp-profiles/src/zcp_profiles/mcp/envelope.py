"""How the stateless revision says things: results with their kind, questions inside results, tasks
of the extension `io.modelcontextprotocol/tasks` (SEP-2663)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcp_kernel import model
from zcp_kernel.codec import PLAIN, Convert, Hooks, HookTable, ModelCodec
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.jsontext import is_object
from zcp_kernel.methods import PEER_REQUESTS

from .history import PEER_REQUESTS as METHODS
from .tasks import KIND

_SHAPES: Mapping[str, type[Any]] = {entry.operation: entry.params for entry in PEER_REQUESTS}
_OPERATIONS: Mapping[str, str] = {METHODS[name][0]: name for name in _SHAPES if name in METHODS}

_TASK_NAMES: Mapping[str, str] = {"ttl": "ttlMs", "pollInterval": "pollIntervalMs"}


def envelope_hooks() -> HookTable:
    return {
        model.InputRequest: (Hooks(encode=_embedded, decode=_unembedded),),
        model.InputRequiredResult: (Hooks(encode=_kind("input_required"), decode=_kindless),),
        model.CreateTaskResult: (Hooks(encode=_created),),
        model.TaskDescriptor: (Hooks(encode=_task, decode=_read_task),),
        model.DetailedTask: (
            Hooks(encode=_detailed, decode=_read_task),
            Hooks(encode=_kind("complete")),
        ),
        model.TaskChanged: (Hooks(encode=_detailed, decode=_read_task),),
    }


def _kind(name: str) -> Any:
    def hook(codec: ModelCodec, derived: Convert) -> Convert:
        return lambda result: {**derived(result), "resultType": name}

    return hook


def _kindless(codec: ModelCodec, derived: Convert) -> Convert:
    """A server that only wants to be asked again has no questions, but a state."""
    return lambda raw: derived(
        {"inputRequests": {}, **_without_kind(raw)} if is_object(raw) else raw
    )


def _without_kind(raw: Any) -> Any:
    if not is_object(raw):
        return raw
    return {name: value for name, value in raw.items() if name != "resultType"}


def _embedded(codec: ModelCodec, derived: Convert) -> Convert:
    """A request inside a result: neither `jsonrpc` nor `id`."""

    def encode(request: model.InputRequest) -> dict[str, Any]:
        return {"method": METHODS[request.operation][0], "params": codec.encode(request.params)}

    return encode


def _unembedded(codec: ModelCodec, derived: Convert) -> Convert:
    def decode(raw: Any) -> Any:
        operation = _OPERATIONS.get(raw.get("method", "")) if is_object(raw) else None
        if operation is None:
            fault = Fault("method", "enum", f"must be one of {', '.join(_OPERATIONS)}")
            raise InvalidParams("invalid: not a request a result may hold", [fault])
        params: Any = codec.decode(_SHAPES[operation], raw.get("params") or {})
        return model.InputRequest(operation, params)

    return decode


def _created(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(created: model.CreateTaskResult) -> dict[str, Any]:
        out: dict[str, Any] = derived(created)
        task: dict[str, Any] = out.pop("task")
        return {**task, **out, "resultType": "task"}

    return encode


def _task(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(task: model.TaskDescriptor) -> dict[str, Any]:
        out: dict[str, Any] = derived(task)
        del out["kind"]
        named = {_TASK_NAMES.get(name, name): value for name, value in out.items()}
        named["ttlMs"] = task.ttl
        if task.status == "queued":
            named["status"] = "working"
        return named

    return encode


def _detailed(codec: ModelCodec, derived: Convert) -> Convert:
    """A task with its open questions, which the engine keeps in the words of the model."""
    flat = _task(codec, derived)

    def question(kept: dict[str, Any]) -> Any:
        operation = kept["method"]
        params: Any = PLAIN.decode(_SHAPES[operation], kept["params"])
        return codec.encode(model.InputRequest(operation, params))

    def encode(task: model.DetailedTask) -> dict[str, Any]:
        out: dict[str, Any] = flat(task)
        if task.status == "input_required":
            kept: dict[str, Any] = task.input_requests or {}
            out["inputRequests"] = {key: question(each) for key, each in kept.items()}
        return out

    return encode


def _read_task(codec: ModelCodec, derived: Convert) -> Convert:
    names = {wire: name for name, wire in _TASK_NAMES.items()}

    def decode(raw: Any) -> Any:
        if not is_object(raw):
            return derived(raw)
        members = {names.get(name, name): value for name, value in _without_kind(raw).items()}
        # Questions have no place in the model's codec: they stay in the words of this revision.
        questions = members.pop("inputRequests", None)
        task = derived({**members, "kind": KIND})
        task.input_requests = questions if is_object(questions) else None
        return task

    return decode
