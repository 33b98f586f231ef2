"""Parameters a client repeats in header fields (2026-07-28, basic/transports/streamable-http,
"Custom Headers from Tool Parameters")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcp_kernel.jsontext import is_object

from .. import headers as wire
from ..mirrors import Mirror, mirrors_of

NAMED: Mapping[str, str] = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
"""Methods whose header `Mcp-Name` mirrors a parameter, and which."""


def mirrored(schema: Mapping[str, Any], arguments: Any) -> dict[str, str]:
    """The header fields for a call of the tool with this input schema; none for arguments that are
    absent or null, and none at all where an annotation is wrong."""
    fields: dict[str, str] = {}
    for mirror in _usable(schema):
        text = _text(_found(mirror, arguments))
        if text is not None:
            fields[mirror.header] = wire.encoded(text)
    return fields


def _usable(schema: Mapping[str, Any]) -> tuple[Mirror, ...]:
    try:
        return mirrors_of(schema)
    except ValueError:
        return ()


def _found(mirror: Mirror, arguments: Any) -> Any:
    value = arguments
    for name in mirror.path:
        value = value.get(name) if is_object(value) else None
    return value


def _text(value: Any) -> str | None:
    """Strings as they are, whole numbers in decimal; what no annotated type allows is left to the
    server to refuse."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int) else None
