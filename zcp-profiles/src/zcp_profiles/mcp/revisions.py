"""One `Revision` per published revision, made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from zcp_kernel import errors
from zcp_kernel.codec import WIRE_HOOKS, Hooks, HookTable, ModelCodec
from zcp_kernel.methods import (
    NOTICES,
    PEER_REQUESTS,
    REQUESTS,
    CodecRevision,
    Convert,
    Entry,
    own_error,
)
from zcp_kernel.model import CallResult, Capabilities

from . import entries, failures, history
from .capabilities import capability_hooks
from .client.sides import HandshakeSide, StatelessSide
from .content import content_hooks
from .elicitation import elicitation_hooks
from .envelope import envelope_hooks
from .metadata import TASKS
from .presenting import presenter
from .results import invalid_arguments_result, result_hooks
from .tasks import task_hooks

if TYPE_CHECKING:
    from zcp_kernel.contracts import ClientSide, Method
    from zcp_kernel.runtime import Kernel

_WITHDRAWN = frozenset({failures.RESOURCE_NOT_FOUND, failures.URL_ELICITATION_REQUIRED})
"""Codes the stateless revision must not use, whoever raised them."""


class MCPRevision(CodecRevision):
    """What differs between revisions beyond shapes: errors, and what surrounds a result."""

    def result_encoder(self, method: Method, kernel: Kernel) -> Convert:
        """From 2026-07-28 on a result says what kind it is, who gave it and how long it keeps."""
        if not self.stateless:
            return method.encode_result
        return presenter(self, self.codec, method, kernel)

    def takes_tasks(self, capabilities: Capabilities) -> bool:
        """Since tasks are an extension, whether the client declared it."""
        if not self.stateless:
            return super().takes_tasks(capabilities)
        return TASKS in (capabilities.extensions or {})

    def rescue(self, operation: str, error: errors.ZCPError) -> Any | None:
        """From 2025-11-25 on arguments that do not fit are a tool error, so that the model sees
        what to mend (SEP-1303); before that a protocol error."""
        if self.name < history.R4 or operation != "tools/call":
            return None
        if not isinstance(error, errors.InvalidArguments):
            return None
        return invalid_arguments_result(error.faults, error.message)

    def error(self, operation: str | None, error: errors.ZCPError) -> dict[str, Any]:
        """The one place for codes: a missing resource has one of its own before 2026-07-28."""
        body = own_error(error)
        if operation == "resources/read" and _is_missing_resource(error):
            body["data"] = {"uri": error.name}
            if not self.stateless:
                body["code"] = failures.RESOURCE_NOT_FOUND
        if self.stateless:
            _say_statelessly(error, body)
        return body

    def http_status(self, error: errors.ZCPError | None) -> int:
        """From 2026-07-28 on some errors have a status (basic/transports/streamable-http)."""
        if self.stateless and error is not None:
            if isinstance(error, _BAD_REQUEST):
                return 400
            if error.code == errors.METHOD_NOT_FOUND:
                return 404
        return super().http_status(error)


_BAD_REQUEST = (
    failures.HeaderMismatch,
    failures.UnsupportedVersion,
    failures.MalformedMetadata,
    errors.MissingCapability,
)


def _say_statelessly(error: errors.ZCPError, body: dict[str, Any]) -> None:
    if isinstance(error, errors.MissingCapability):
        body["code"] = failures.MISSING_CLIENT_CAPABILITY
        body["data"] = {"requiredCapabilities": _nested(error.capability)}
    elif body["code"] in _WITHDRAWN:
        body["code"] = errors.INTERNAL_ERROR


def _nested(capability: str) -> dict[str, Any]:
    """A dotted capability as a client would declare it; tasks are an extension by now."""
    if capability == "tasks":
        return {"extensions": {TASKS: {}}}
    head, _, rest = capability.partition(".")
    return {head: _nested(rest) if rest else {}}


def _is_missing_resource(error: errors.ZCPError) -> TypeGuard[errors.NotFound]:
    return isinstance(error, errors.NotFound) and error.kind == "resource"


@cache
def make_revision(name: str) -> MCPRevision:
    """The revision of this date, one of `history.REVISIONS`."""
    stateless = name in history.STATELESS
    return MCPRevision(
        name=name,
        dialect="mcp",
        codec=make_codec(name),
        request_entries=_entries((*REQUESTS, *entries.REQUESTS), history.REQUESTS, name),
        peer_entries=_entries(PEER_REQUESTS, history.PEER_REQUESTS, name),
        notice_classes={
            method: cls
            for method, cls in {**NOTICES, **entries.NOTICES}.items()
            if name in history.NOTICES.get(cls, history.ALWAYS)
        },
        allows_batch=name == history.R2,
        stateless=stateless,
        replays=stateless,
        omits_unknown_id=name >= history.R4,
        task_mode="decided" if stateless else "requested",
        primes_streams=name == history.R4,
        client=_client(name),
    )


def _client(name: str) -> ClientSide:
    if name in history.STATELESS:
        return StatelessSide(name, make_codec(name))
    return HandshakeSide(name, tells=name >= history.R3)


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
        envelope_hooks() if name in history.STATELESS else {},
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
            table[method] = entries.replaying(entry) if name in history.STATELESS else entry
    return table
