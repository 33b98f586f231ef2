"""The one revision of the native plane so far."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from zcp_kernel import model
from zcp_kernel.codec import WIRE_HOOKS, Convert, Hooks, HookTable, ModelCodec
from zcp_kernel.contracts import Operation
from zcp_kernel.jsontext import is_object
from zcp_kernel.methods import NOTICES, PEER_REQUESTS, REQUESTS, CodecRevision, Entry

from .sharing import SHARED

PROTOCOL_VERSION = "zcp/1"
"""What a native handshake names; an MCP handshake carries a date."""

ALIASES: Mapping[str, str] = {"completions/complete": "completion/complete"}
"""Older wire methods and the operations they stand for."""

FOREIGN: frozenset[tuple[str, type]] = frozenset(
    {
        ("input_responses", model.Retried),
        ("request_state", model.Retried),
        ("ttl_ms", model.Cacheable),
        ("cache_scope", model.Cacheable),
    }
)
"""Members of the model the native plane has no use for: it asks its questions as requests, and its
clients hold a session in which they hear of changes."""


class NativeRevision(CodecRevision):
    def method_of(self, operation: Operation) -> str | None:
        """An operation's name is its native method, unless it names another."""
        return operation.methods.get(self.dialect, operation.name) or None


def _has_member(cls: type, name: str) -> bool:
    return not any(name == member and issubclass(cls, owner) for member, owner in FOREIGN)


def _said(codec: ModelCodec, derived: Convert) -> Convert:
    """`ok` is the whole answer to a ping, so it is sent although it is the default."""

    def encode(result: model.PingResult) -> dict[str, Any]:
        return {**derived(result), "ok": result.ok}

    return encode


def _flat(codec: ModelCodec, derived: Convert) -> Convert:
    """A task just created travels as its descriptor."""

    def encode(created: model.CreateTaskResult) -> dict[str, Any]:
        out: dict[str, Any] = derived(created)
        return {**out.pop("task"), **out}

    return encode


def _nested(codec: ModelCodec, derived: Convert) -> Convert:
    def decode(raw: Any) -> Any:
        return derived({"task": raw} if is_object(raw) else raw)

    return decode


def _unsaid(codec: ModelCodec, derived: Convert) -> Convert:
    """Every server of this plane keeps handles, so none says so."""

    def encode(result: model.InitializeResult) -> dict[str, Any]:
        out: dict[str, Any] = derived(result)
        said = {k: v for k, v in out.get("capabilities", {}).items() if k != "handles" or v}
        return {**out, "capabilities": said}

    return encode


def _understood(codec: ModelCodec, derived: Convert) -> Convert:
    def decode(raw: Any) -> model.InitializeResult:
        result: model.InitializeResult = derived(raw)
        if result.capabilities.handles is None:
            result.capabilities.handles = {}
        return result

    return decode


def _nothing_as_null(codec: ModelCodec, derived: Convert) -> Convert:
    """`known` is null where the client knows no view yet, and absent where it asks for no hash."""

    def encode(params: model.ListToolsParams) -> dict[str, Any]:
        out: dict[str, Any] = derived(params)
        if out.get("known") == "":
            out["known"] = None
        return out

    return encode


def _null_as_nothing(codec: ModelCodec, derived: Convert) -> Convert:
    def decode(raw: Any) -> Any:
        if is_object(raw) and "known" in raw and raw["known"] is None:
            raw = {**raw, "known": ""}
        return derived(raw)

    return decode


def _type_unsaid(codec: ModelCodec, derived: Convert) -> Convert:
    """What is asked of a user is always an object, so the schema need not say so."""

    def encode(schema: dict[str, Any] | None) -> Any:
        if schema is None or schema.get("type") != "object":
            return schema
        return {name: value for name, value in schema.items() if name != "type"}

    return encode


def _type_understood(codec: ModelCodec, derived: Convert) -> Convert:
    def decode(raw: Any, *more: Any) -> Any:
        schema = derived(raw, *more)
        return schema if not is_object(schema) or "type" in schema else {"type": "object", **schema}

    return decode


HOOKS: HookTable = {
    **WIRE_HOOKS,
    model.PingResult: (Hooks(encode=_said),),
    model.InitializeResult: (Hooks(encode=_unsaid, decode=_understood),),
    model.ListToolsParams: (Hooks(encode=_nothing_as_null, decode=_null_as_nothing),),
    (model.ElicitationRequest, "requested_schema"): (
        Hooks(encode=_type_unsaid, decode=_type_understood),
    ),
    model.ListToolsResult: (SHARED,),
    model.FoundTools: (SHARED,),
    model.CreateTaskResult: (Hooks(encode=_flat, decode=_nested),),
}


@cache
def make_revision() -> NativeRevision:
    """`zcp/1`: every operation under its own name, absent members at their defaults."""
    entries = {entry.operation: entry for entry in REQUESTS}
    return NativeRevision(
        name=PROTOCOL_VERSION,
        dialect="native",
        codec=ModelCodec(_has_member, omit_defaults=True, hooks=HOOKS),
        request_entries={**_aliases(entries), **entries},
        peer_entries={entry.operation: entry for entry in PEER_REQUESTS},
        notice_classes=NOTICES,
    )


def _aliases(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    return {method: entries[operation] for method, operation in ALIASES.items()}
