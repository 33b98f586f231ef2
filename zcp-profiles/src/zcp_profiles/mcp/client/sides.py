"""The client's end of each revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve
from zcp_kernel.client_side import SessionSide
from zcp_kernel.codec import ModelCodec
from zcp_kernel.contracts import Objection, Peer
from zcp_kernel.errors import InvalidParams, RemoteError
from zcp_kernel.jsontext import is_list, is_object
from zcp_kernel.model import (
    Capabilities,
    DiscoverResult,
    Implementation,
    InitializeResult,
)

from .. import headers as wire
from .. import history
from ..capabilities import encode_capabilities
from ..failures import (
    HEADER_MISMATCH,
    MISSING_CLIENT_CAPABILITY,
    UNSUPPORTED_VERSION,
    URL_ELICITATION_REQUIRED,
)
from ..metadata import (
    CLIENT_CAPABILITIES,
    CLIENT_INFO,
    LOG_LEVEL,
    PROTOCOL_VERSION,
    SERVER_INFO,
    SUBSCRIPTION_ID,
    TASKS,
)
from ..mirrors import mirrors_of
from .mirroring import NAMED, mirrored

UNNAMED = Implementation("unnamed", "")
"""A server that does not say who it is, which none has to."""


class HandshakeSide(SessionSide):
    """From 2025-06-18 on everything after the handshake names the revision (basic/transports,
    "Protocol Version Header")."""

    def __init__(self, version: str, *, tells: bool) -> None:
        self._version = version
        self._headers = {wire.VERSION: version} if tells else {}

    def session_headers(self) -> Mapping[str, str]:
        return self._headers

    def objection(self, error: RemoteError) -> Objection | None:
        """Of 2025-11-25 alone: the error that asks for pages, if it names any."""
        if error.code != URL_ELICITATION_REQUIRED or self._version != history.R4:
            return None
        told = error.data.get("elicitations") if is_object(error.data) else None
        pages = [each for each in told if _is_page(each)] if is_list(told) else []
        return Objection("pages", pages=pages) if pages else None


class StatelessSide(SessionSide):
    """Every request says everything (2026-07-28, basic/index, "Request Metadata")."""

    subscription_key = SUBSCRIPTION_ID

    def __init__(self, version: str, codec: ModelCodec) -> None:
        self._version = version
        self._codec = codec
        self._headers = {wire.VERSION: version}

    def facts(self, peer: Peer) -> Mapping[str, Any]:
        """The members of `_meta` that say in which revision, by whom and for whom is asked."""
        facts: dict[str, Any] = {
            PROTOCOL_VERSION: self._version,
            CLIENT_CAPABILITIES: encode_capabilities(self._codec, peer.capabilities, server=False),
        }
        if peer.info is not None:
            facts[CLIENT_INFO] = self._codec.encode(peer.info)
        if peer.log_level is not None:
            facts[LOG_LEVEL] = peer.log_level
        return facts

    def with_tasks(self, capabilities: Capabilities) -> Capabilities:
        """Tasks are an extension, declared request by request (SEP-2663)."""
        return evolve(capabilities, extensions={**(capabilities.extensions or {}), TASKS: {}})

    def session_headers(self) -> Mapping[str, str]:
        return self._headers

    def request_headers(
        self, method: str, params: Mapping[str, Any] | None, schema: Mapping[str, Any] | None = None
    ) -> Mapping[str, str]:
        """Revision and method, what is named, and the mirrored arguments of a tool."""
        fields = {**self._headers, wire.METHOD: method}
        given: Mapping[str, Any] = params or {}
        name = given.get(NAMED.get(method, ""))
        if isinstance(name, str):
            fields[wire.NAME] = wire.encoded(name)
        if schema is not None and method == "tools/call":
            fields.update(mirrored(schema, given.get("arguments")))
        return fields

    def tool_fault(self, schema: Mapping[str, Any]) -> str | None:
        """What is wrong with the tool's `x-mcp-header` annotations."""
        try:
            mirrors_of(schema)
        except ValueError as error:
            return str(error)
        return None

    def objection(self, error: RemoteError) -> Objection | None:
        """The errors that only servers of this revision send (basic/index, "Error Codes")."""
        read = _OBJECTIONS.get(error.code)
        return None if read is None else read(error.data if is_object(error.data) else {})

    def introduced(self, version: str, found: DiscoverResult) -> InitializeResult:
        """The server's name card is in the `_meta` of its description."""
        card = (found.meta or {}).get(SERVER_INFO)
        try:
            info = UNNAMED if card is None else self._codec.decode(Implementation, card)
        except InvalidParams:
            info = UNNAMED
        return InitializeResult(version, info, found.capabilities, found.instructions)


def _is_page(told: Any) -> bool:
    if not is_object(told) or told.get("mode", "url") != "url":
        return False
    return isinstance(told.get("url"), str) and isinstance(told.get("elicitationId"), str)


def _version(data: Mapping[str, Any]) -> Objection:
    supported = data.get("supported")
    names = [name for name in supported if isinstance(name, str)] if is_list(supported) else []
    return Objection("version", names)


def _capability(data: Mapping[str, Any]) -> Objection:
    required = data.get("requiredCapabilities")
    extensions = required.get("extensions") if is_object(required) else None
    return Objection("tasks" if is_object(extensions) and TASKS in extensions else "capability")


_OBJECTIONS: Mapping[int, Callable[[Mapping[str, Any]], Objection]] = {
    HEADER_MISMATCH: lambda data: Objection("headers"),
    MISSING_CLIENT_CAPABILITY: _capability,
    UNSUPPORTED_VERSION: _version,
}
