"""Messages that carry their own session facts: recognising them, and the checks before dispatch.

The order of the checks is that of the specification and its conformance suite: version header,
required metadata, header against metadata, version, mirrored headers; then the kernel goes on with
method, parameters and the rest (2026-07-28, basic/transports/streamable-http).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from zcp_kernel.contracts import Match, Message, Peer
from zcp_kernel.errors import Fault, InvalidParams, InvalidRequest, ZCPError
from zcp_kernel.jsontext import dumps, is_object, loads
from zcp_kernel.model import LOG_LEVELS, Capabilities, Implementation

from . import headers as wire
from .client.mirroring import NAMED
from .failures import HeaderMismatch, MalformedMetadata, UnsupportedVersion
from .history import HANDSHAKE, R5, STATELESS
from .metadata import CLIENT_CAPABILITIES, CLIENT_INFO, LOG_LEVEL, PROTOCOL_VERSION, is_modern
from .revisions import MCPRevision, make_codec

Headers = Mapping[str, str]

NOBODY = Peer(None, Capabilities())

_SENDER = (CLIENT_CAPABILITIES, CLIENT_INFO, LOG_LEVEL)
_MAX_REMEMBERED = 1024
"""Bytes of a sender's facts; a client says the same in every request, so they are read once."""


def classify(message: Message, headers: Headers | None, revision: MCPRevision) -> Match | None:
    """The claim of `revision` on a message; None for one of the handshake revisions.

    Over HTTP a version header that names no handshake revision is a mark like the metadata.
    """
    params = message.get("params")
    meta = params.get("_meta") if is_object(params) else None
    version = None if headers is None else wire.plain(headers, wire.VERSION)
    if (meta is None or not is_modern(meta)) and (version is None or version in HANDSHAKE):
        return None
    if not isinstance(message.get("method"), str):
        error = InvalidRequest("invalid: this revision takes requests and notifications only")
        return Match(revision, peer=NOBODY, refusal=error)
    if "id" not in message:
        # Nothing is said about the headers of a notification; it is accepted as it is.
        return Match(revision, peer=NOBODY)
    try:
        return Match(revision, peer=_checked(message, meta, headers, version))
    except ZCPError as refusal:
        return Match(revision, peer=NOBODY, refusal=refusal)


def _checked(message: Message, meta: Any, headers: Headers | None, version: str | None) -> Peer:
    if headers is not None and version is None:
        raise HeaderMismatch(f"missing: header {wire.VERSION}")
    requested = _required(meta)
    if version is not None and version != requested:
        raise wire.mismatch(wire.VERSION, version, requested)
    if requested not in STATELESS:
        raise UnsupportedVersion(requested, STATELESS)
    if headers is not None:
        _mirrored(message, headers)
    return _peer(meta)


def _required(meta: Any) -> str:
    """The revision a request is made in."""
    faults: list[Fault] = []
    members: dict[str, Any] = meta if is_object(meta) else {}
    if not isinstance(members.get(PROTOCOL_VERSION), str):
        faults.append(Fault(f"_meta.{PROTOCOL_VERSION}", "missing", "must be a string"))
    if not is_object(members.get(CLIENT_CAPABILITIES)):
        faults.append(Fault(f"_meta.{CLIENT_CAPABILITIES}", "missing", "must be an object"))
    if faults:
        told = "; ".join(f"{fault.path} {fault.message}" for fault in faults)
        raise MalformedMetadata(f"invalid: {told}", faults)
    return str(members[PROTOCOL_VERSION])


def _mirrored(message: Message, headers: Headers) -> None:
    method = message["method"]
    wire.expect(headers, wire.METHOD, method)
    member = NAMED.get(method)
    name = None if member is None else message["params"].get(member)
    if isinstance(name, str):
        wire.expect(headers, wire.NAME, name, encoded=True)


def _peer(meta: dict[str, Any]) -> Peer:
    facts = dumps({name: meta[name] for name in _SENDER if meta.get(name) is not None})
    return _remembered(facts) if len(facts) <= _MAX_REMEMBERED else _decoded(facts)


def _decoded(facts: bytes) -> Peer:
    """The sender of these members of the metadata. Raises `MalformedMetadata`."""
    meta = loads(facts)
    codec = make_codec(R5)
    try:
        capabilities = codec.decode(Capabilities, meta[CLIENT_CAPABILITIES])
        info = meta.get(CLIENT_INFO)
        card = None if info is None else codec.decode(Implementation, info)
    except InvalidParams as error:
        raise MalformedMetadata(error.message, error.faults) from None
    level = meta.get(LOG_LEVEL)
    if level is not None and not (isinstance(level, str) and level in LOG_LEVELS):
        fault = Fault(f"_meta.{LOG_LEVEL}", "enum", f"must be one of {', '.join(LOG_LEVELS)}")
        raise MalformedMetadata(f"invalid: {fault.path} {fault.message}", [fault])
    return Peer(card, capabilities, level)


_remembered = lru_cache(maxsize=256)(_decoded)
