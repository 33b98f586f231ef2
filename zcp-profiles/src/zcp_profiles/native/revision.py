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

PROTOCOL_VERSION = "zcp/1"
"""What a native handshake names; an MCP handshake carries a date."""

ALIASES: Mapping[str, str] = {"completions/complete": "completion/complete"}
"""Older wire methods and the operations they stand for."""

FOREIGN: frozenset[tuple[str, type]] = frozenset(
    {("input_responses", model.Retried), ("request_state", model.Retried)}
)
"""Members of the model the native plane has no use for: it asks its questions as requests."""


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


HOOKS: HookTable = {
    **WIRE_HOOKS,
    model.PingResult: (Hooks(encode=_said),),
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
