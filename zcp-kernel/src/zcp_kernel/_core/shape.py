"""From what a tool handler returns to a call result."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, cast

from attrs import evolve

from ..errors import ToolError
from ..jsontext import dumps, loads
from ..model import (
    BLOCKS,
    AudioContent,
    CallResult,
    EmbeddedResource,
    ImageContent,
    ResourceContents,
    TextContent,
)
from .registry.items import Carrier, Tool

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}

BINARY = (bytes, bytearray, memoryview)


def to_result(value: Any, tool: Tool, carrier: Carrier | None = None) -> CallResult:
    """The call result for a handler's return value.

    Content blocks (one, or a list of them), text, bytes and None become content; everything else is
    structured content, encoded once, that travels by `carrier`. Raises `ToolError` for a value JSON
    cannot say.
    """
    if isinstance(value, CallResult):
        return value if value.carrier is not None else evolve(value, carrier=carrier)
    if tool.check_output is None:
        content = _as_content(value)
        if content is not None:
            return CallResult(content)
    try:
        encoded = dumps(value)
    except ValueError as error:
        raise ToolError(f"the result of {tool.definition.name} cannot be sent: {error}") from None
    if type(value) not in (dict, list) or not _fits(value, tool):
        value = loads(encoded)
    return CallResult([], value, encoded=encoded, carrier=carrier)


def _fits(value: Any, tool: Tool) -> bool:
    """False also for a dict or list that holds more than JSON, such as dataclasses."""
    return tool.check_output is None or tool.check_output.is_valid(value)


def failure(message: str) -> CallResult:
    """A tool error a model can read."""
    return CallResult([TextContent(message)], is_error=True)


def _as_content(value: Any) -> list[Any] | None:
    if value is None:
        return []
    if isinstance(value, str):
        return [TextContent(value)]
    if isinstance(value, BLOCKS):
        return [value]
    if isinstance(value, BINARY):
        return [binary_block(cast("bytes", value))]
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        if _has_blocks(items):
            return [block for item in items for block in _as_content(item) or [_structured(item)]]
    return None


def _has_blocks(values: Sequence[Any]) -> bool:
    return any(isinstance(value, (*BLOCKS, bytes)) for value in values)


def _structured(value: Any) -> TextContent:
    return TextContent(dumps(value).decode())


def binary_block(value: bytes) -> ImageContent | AudioContent | EmbeddedResource:
    """Images and sounds by their signature; any other bytes as an embedded resource."""
    data = bytes(value)
    text = base64.b64encode(data).decode()
    media_type = _media_type(data)
    if media_type is None:
        uri, unknown = "zcp://result/bytes", "application/octet-stream"
        return EmbeddedResource(ResourceContents(uri=uri, mime_type=unknown, blob=text))
    block = ImageContent if media_type.startswith("image/") else AudioContent
    return block(text, media_type)


def _media_type(data: bytes) -> str | None:
    if data.startswith(b"RIFF"):
        return _RIFF.get(data[8:12])
    return next((name for signature, name in _SIGNATURES if data.startswith(signature)), None)
