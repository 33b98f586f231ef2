"""The few shapes whose wire form is no mere renaming of their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import Fault
from ...jsontext import Fragment, is_object
from ...model import CallResult, CompletionRequest, CompletionResult, TaskPayload
from .faults import MismatchError, faults_of
from .hooks import Convert, Hooks, HookTable
from .strict import mapping

if TYPE_CHECKING:
    from ...codec import ModelCodec


def _nest_argument(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(request: CompletionRequest) -> dict[str, Any]:
        out: dict[str, Any] = derived(request)
        out["argument"] = {"name": out["argument"], "value": out.pop("value", "")}
        context = out.pop("context", None)
        if context:
            out["context"] = {"arguments": context}
        return out

    return encode


_REQUEST_PATHS = {
    "argument": "argument.name",
    "value": "argument.value",
    "context": "context.arguments",
}


def _flatten_argument(codec: ModelCodec, derived: Convert) -> Convert:
    def decode(raw: Any) -> Any:
        flat = dict(mapping(raw))
        flat.pop("value", None)
        if "argument" in flat:
            argument = _object("argument", flat.pop("argument"))
            flat |= _renamed(argument, {"name": "argument", "value": "value"})
        if "context" in flat:
            context = _object("context", flat.pop("context"))
            flat |= _renamed(context, {"arguments": "context"})
        return _decode_at(derived, flat, _REQUEST_PATHS)

    return decode


_COMPLETION = {"values", "total", "hasMore"}
_RESULT_PATHS = {name: f"completion.{name}" for name in _COMPLETION}


def _nest_completion(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(result: CompletionResult) -> dict[str, Any]:
        out: dict[str, Any] = derived(result)
        return {"completion": {n: out.pop(n) for n in _RESULT_PATHS if n in out}, **out}

    return encode


def _flatten_completion(codec: ModelCodec, derived: Convert) -> Convert:
    def decode(raw: Any) -> Any:
        flat = {n: member for n, member in mapping(raw).items() if n not in _COMPLETION}
        flat |= _object("completion", flat.pop("completion", None))
        return _decode_at(derived, flat, _RESULT_PATHS)

    return decode


def _object(name: str, value: Any) -> dict[str, Any]:
    if is_object(value):
        return value
    raise MismatchError(
        [Fault(name, "type" if value is not None else "missing", "must be an object")]
    )


def _renamed(members: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in members.items() if name in names}


def _decode_at(derived: Convert, flat: dict[str, Any], paths: Mapping[str, str]) -> Any:
    """Decode, with faults told at the places the members have on the wire."""
    try:
        return derived(flat)
    except Exception as error:
        raise MismatchError([_moved(fault, paths) for fault in faults_of(error)]) from None


def _moved(fault: Fault, paths: Mapping[str, str]) -> Fault:
    for name, place in paths.items():
        if fault.path == name or fault.path.startswith((f"{name}.", f"{name}[")):
            return Fault(place + fault.path[len(name) :], fault.code, fault.message)
    return fault


def _splice(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(result: CallResult) -> dict[str, Any]:
        out: dict[str, Any] = derived(result)
        if result.encoded is not None and "structuredContent" in out:
            out["structuredContent"] = Fragment(result.encoded)
        return out

    return encode


def _payload_alone(codec: ModelCodec, derived: Convert) -> Convert:
    return lambda payload: codec.encode(payload.value)


def _payload(codec: ModelCodec, derived: Convert) -> Convert:
    return lambda raw: TaskPayload(value=raw)


MODEL_HOOKS: HookTable = {
    CompletionRequest: (Hooks(encode=_nest_argument, decode=_flatten_argument),),
    CompletionResult: (Hooks(encode=_nest_completion, decode=_flatten_completion),),
}
"""In every codec."""

WIRE_HOOKS: HookTable = {
    CallResult: (Hooks(encode=_splice),),
    TaskPayload: (Hooks(encode=_payload_alone, decode=_payload),),
}
"""For codecs that make frames: JSON encoded already is used as it is, and the result of a task is
sent as the value itself."""
