"""One `Revision` per published revision, made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeGuard

from zcp_kernel.codec import WIRE_HOOKS, Hooks, HookTable, ModelCodec
from zcp_kernel.errors import InvalidArguments, NotFound, ZCPError
from zcp_kernel.methods import (
    NOTICES,
    PEER_REQUESTS,
    REQUESTS,
    CodecRevision,
    Entry,
    own_error,
)
from zcp_kernel.model import CallResult

from . import history
from .capabilities import capability_hooks
from .content import content_hooks
from .elicitation import elicitation_hooks
from .results import invalid_arguments_result, result_hooks
from .tasks import task_hooks

RESOURCE_NOT_FOUND = -32002


class MCPRevision(CodecRevision):
    """What differs between revisions beyond shapes: two kinds of errors."""

    def rescue(self, operation: str, error: ZCPError) -> Any | None:
        """From 2025-11-25 on arguments that do not fit are a tool error, so that the model sees
        what to mend (SEP-1303); before that a protocol error."""
        if self.name < history.R4 or operation != "tools/call":
            return None
        if not isinstance(error, InvalidArguments):
            return None
        return invalid_arguments_result(error.faults, error.message)

    def error(self, operation: str | None, error: ZCPError) -> dict[str, Any]:
        """The one place for codes: a missing resource has one of its own before 2026-07-28."""
        body = own_error(error)
        if operation == "resources/read" and _is_missing_resource(error):
            body["data"] = {"uri": error.name}
            if self.name < history.R5:
                body["code"] = RESOURCE_NOT_FOUND
        return body


def _is_missing_resource(error: ZCPError) -> TypeGuard[NotFound]:
    return isinstance(error, NotFound) and error.kind == "resource"


@cache
def make_revision(name: str) -> MCPRevision:
    """The revision of this date, one of `history.REVISIONS`."""
    return MCPRevision(
        name=name,
        dialect="mcp",
        codec=make_codec(name),
        request_entries=_entries(REQUESTS, history.REQUESTS, name),
        peer_entries=_entries(PEER_REQUESTS, history.PEER_REQUESTS, name),
        notice_classes={
            method: cls
            for method, cls in NOTICES.items()
            if name in history.NOTICES.get(cls, history.ALWAYS)
        },
        allows_batch=name == history.R2,
        stateless=name not in history.HANDSHAKE,
        primes_streams=name == history.R4,
    )


@cache
def make_codec(name: str) -> ModelCodec:
    """The codec of one revision."""

    def has_member(cls: type, attribute: str) -> bool:
        return history.has_member(cls, attribute, name)

    return ModelCodec(has_member, hooks=_hooks(name))


def _hooks(name: str) -> HookTable:
    tables = [
        # How a tool's result is carried is MCP's own affair.
        {cls: hooks for cls, hooks in WIRE_HOOKS.items() if cls is not CallResult},
        capability_hooks(name),
        elicitation_hooks(name),
        result_hooks(name),
        task_hooks() if name == history.R4 else {},
        # Last, so that a block the revision does not know is replaced whatever came before.
        content_hooks(name),
    ]
    merged: dict[type | tuple[type, str], tuple[Hooks, ...]] = {}
    for table in tables:
        for place, hooks in table.items():
            merged[place] = (*merged.get(place, ()), *hooks)
    return merged


def _entries(
    known: tuple[Entry, ...], offered: Mapping[str, tuple[str, history.Span]], name: str
) -> dict[str, Entry]:
    table: dict[str, Entry] = {}
    for entry in known:
        method, span = offered.get(entry.operation, ("", history.NEVER))
        if name in span:
            table[method] = entry
    return table
