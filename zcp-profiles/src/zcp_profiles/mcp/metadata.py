"""Names MCP reserves: keys of `_meta`, and extensions."""

from __future__ import annotations

from zcp_kernel.jsontext import is_object

PREFIX = "io.modelcontextprotocol/"

PROTOCOL_VERSION = f"{PREFIX}protocolVersion"
CLIENT_CAPABILITIES = f"{PREFIX}clientCapabilities"
CLIENT_INFO = f"{PREFIX}clientInfo"
LOG_LEVEL = f"{PREFIX}logLevel"
SERVER_INFO = f"{PREFIX}serverInfo"
SUBSCRIPTION_ID = f"{PREFIX}subscriptionId"
RELATED_TASK = f"{PREFIX}related-task"

TASKS = f"{PREFIX}tasks"
"""The extension for tasks from 2026-07-28 on."""

_MODERN = frozenset({PROTOCOL_VERSION, CLIENT_CAPABILITIES, CLIENT_INFO})


def is_modern(meta: object) -> bool:
    """Whether request metadata is that of a stateless revision."""
    return is_object(meta) and not _MODERN.isdisjoint(meta)
