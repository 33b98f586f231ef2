"""Large results stay out of the model's context: kept by handle, opened piece by piece.

A native server keeps its own; what another server sends whole is kept here. Both are read with one
tool, and both can be passed on as `{"$handle": id, "pointer"?}` without being read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcp_kernel.codec import PLAIN
from zcp_kernel.config import HandlesSection
from zcp_kernel.errors import NotFound
from zcp_kernel.handles import Handles, MemoryHandleStore
from zcp_kernel.jsontext import dumps, is_list, is_object
from zcp_kernel.model import ReadHandleParams
from zcp_kernel.security import local_principal

from .calling import objects
from .source import ToolSource

OWNER = "adapter"
WHOLE = 1 << 30
PREVIEW_ITEMS = 3
PREVIEW_BYTES = 512

READER: dict[str, Any] = {
    "name": "read_handle",
    "description": "Read part of a kept result. Pages of lists, objects and text by offset and "
    "limit; a pointer goes to a part; fields keeps these members of each item.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "handle": {"type": "string"},
            "pointer": {"type": "string", "description": "JSON Pointer, such as /rows/0"},
            "offset": {"type": "integer", "minimum": 0},
            "limit": {"type": "integer", "minimum": 1},
            "fields": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["handle"],
        "additionalProperties": False,
    },
}


class KeptResults:
    """Keeps results above `inline_bytes` and reads any handle in pages of about `page_bytes`."""

    def __init__(
        self, source: ToolSource, *, inline_bytes: int, page_bytes: int, max_bytes: int
    ) -> None:
        self._source = source
        self._inline_bytes = inline_bytes
        self._page_bytes = page_bytes
        self._store = MemoryHandleStore(max_bytes, max_bytes)
        settings = HandlesSection(ttl_ms=24 * 3_600_000)
        self._pages = Handles(self._store, settings, page_bytes=page_bytes)
        self._whole = Handles(self._store, settings, page_bytes=WHOLE, decoded_bytes=0)
        self._principal = local_principal()
        self._ids = set[str]()

    async def shown(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result, or a handle in its place if it is large."""
        handle = result.get("handle")
        if result.get("isError") or (handle is not None and self._source.is_native):
            return result
        value = _value(result)
        if is_object(handle):
            value = await self._source.fetched(str(handle["id"]))
        if value is None:
            return result
        encoded = dumps(value)
        if len(encoded) <= self._inline_bytes:
            return result
        try:
            ref = await self._pages.keep(encoded, owner=OWNER)
        except ValueError:
            return result  # past the budget: nothing may be lost
        self._ids.add(ref.id)
        return {"content": [], "handle": PLAIN.encode(ref), "preview": _preview(value)}

    async def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A page, as a call's result. Raises as `read_handle` does."""
        handle = str(arguments["handle"])
        if handle in self._ids:
            page: dict[str, Any] = PLAIN.encode(
                await self._pages.read(_params(arguments), OWNER, self._principal)
            )
        elif self._source.is_native:
            page = fitted(
                await self._source.session.read_handle(**arguments),
                int(arguments.get("offset") or 0),
                self._page_bytes,
            )
        else:
            raise NotFound("handle", handle)
        page.pop("_meta", None)
        return {"content": [], "isError": False, "structuredContent": page}

    async def resolved(self, value: Any) -> Any:
        """Arguments with the references to what is kept here replaced by the values.

        References to others stay for a native server to resolve. Raises `NotFound` for one nobody
        can, `Expired` for one that is gone.
        """
        if is_list(value):
            return [await self.resolved(item) for item in value]
        if not is_object(value):
            return value
        if _is_reference(value):
            return await self._referred(value)
        return {name: await self.resolved(item) for name, item in value.items()}

    async def _referred(self, reference: dict[str, Any]) -> Any:
        handle = reference["$handle"]
        if handle in self._ids:
            params = ReadHandleParams(handle, reference.get("pointer"))
            return (await self._whole.read(params, OWNER, self._principal)).value
        if self._source.is_native:
            return reference
        raise NotFound("handle", handle)


def fitted(page: dict[str, Any], offset: int, most: int) -> dict[str, Any]:
    """A page cut to about `most` bytes; what is cut off comes with the next offset."""
    value = page.get("value")
    if not is_list(value) and not isinstance(value, str):
        return page
    size = len(dumps(value))
    if size <= most:
        return page
    kept = max(1, len(value) * most // size)
    while kept > 1 and len(dumps(value[:kept])) > most:
        kept = kept * 3 // 4
    return {**page, "value": value[:kept], "nextOffset": offset + kept}


def _value(result: dict[str, Any]) -> Any:
    """What a result is about: its data, or its text if it is nothing but text."""
    if result.get("structuredContent") is not None:
        return result["structuredContent"]
    blocks = objects(result, "content")
    if blocks and all(block.get("type") == "text" for block in blocks):
        return "\n".join(str(block.get("text", "")) for block in blocks)
    return None


def _preview(value: Any) -> Any:
    """The beginning of a value, if it is short."""
    if isinstance(value, str):
        return value[:PREVIEW_BYTES]
    if is_list(value):
        head: Any = value[:PREVIEW_ITEMS]
    elif is_object(value):
        head = {
            name: item[:PREVIEW_ITEMS] if is_list(item) else item for name, item in value.items()
        }
    else:
        return None
    return head if len(dumps(head)) <= PREVIEW_BYTES else None


def _is_reference(value: dict[str, Any]) -> bool:
    return isinstance(value.get("$handle"), str) and value.keys() <= {"$handle", "pointer"}


def _params(arguments: Mapping[str, Any]) -> ReadHandleParams:
    known = ("pointer", "offset", "limit", "fields", "where")
    given = {name: arguments[name] for name in known if arguments.get(name) is not None}
    return ReadHandleParams(str(arguments["handle"]), **given)
