"""Capabilities, per side and revision; and other members of plain objects with a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zcp_kernel import model
from zcp_kernel.codec import Convert, Hooks, HookTable, ModelCodec

from .history import CLIENT_CAPABILITIES, NESTED, SERVER_CAPABILITIES, Span


def capability_hooks(revision: str) -> HookTable:
    table: dict[type | tuple[type, str], Sequence[Hooks]] = {
        place: (_trim(members, revision),) for place, members in NESTED.items()
    }
    table[(model.InitializeParams, "capabilities")] = (_one_side(SERVER_CAPABILITIES),)
    table[(model.InitializeResult, "capabilities")] = (_one_side(CLIENT_CAPABILITIES),)
    table[(model.DiscoverResult, "capabilities")] = (_one_side(CLIENT_CAPABILITIES),)
    return table


def encode_capabilities(
    codec: ModelCodec, capabilities: model.Capabilities, *, server: bool
) -> dict[str, Any]:
    """The capabilities of one side; what only the other side can declare is left out."""
    other = CLIENT_CAPABILITIES if server else SERVER_CAPABILITIES
    own = SERVER_CAPABILITIES if server else CLIENT_CAPABILITIES
    encoded: dict[str, Any] = codec.encode(capabilities)
    return {name: value for name, value in encoded.items() if name not in other - own}


def _one_side(other: frozenset[str]) -> Hooks:
    server = other is CLIENT_CAPABILITIES

    def hook(codec: ModelCodec, derived: Convert) -> Convert:
        return lambda value: encode_capabilities(codec, value, server=server)

    return Hooks(encode=hook)


def _trim(members: Mapping[str, Span], revision: str) -> Hooks:
    foreign = {name for name, span in members.items() if revision not in span}

    def hook(codec: ModelCodec, derived: Convert) -> Convert:
        def trim(value: Any) -> Any:
            found = derived(value)
            if found is None or foreign.isdisjoint(found):
                return found
            return {name: member for name, member in found.items() if name not in foreign}

        return trim

    return Hooks(encode=hook, decode=hook)
