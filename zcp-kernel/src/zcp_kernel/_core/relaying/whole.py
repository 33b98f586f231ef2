"""A result that stayed on the upstream, fetched: its handle means nothing to our own clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...jsontext import is_list, is_object
from ...model import CallResult, HandleRef

if TYPE_CHECKING:
    from ...client import ZCPClientSession


async def with_value(session: ZCPClientSession, result: CallResult) -> CallResult:
    """The result with the value its handle stands for."""
    assert result.handle is not None
    value = await _read(session, result.handle, None)
    return CallResult(result.content, value, result.is_error, meta=result.meta)


async def _read(session: ZCPClientSession, handle: HandleRef, pointer: str | None) -> Any:
    """All pages as one value, with what was too big for a page in its place."""
    page = await session.read_handle(handle.id, pointer)
    value = page["value"]
    while (offset := page.get("nextOffset")) is not None:
        page = await session.read_handle(handle.id, pointer, offset)
        if is_object(value):
            value.update(page["value"])
        else:
            value += page["value"]
    if is_list(value):
        return [await _part(session, handle, item) for item in value]
    if is_object(value):
        return {name: await _part(session, handle, item) for name, item in value.items()}
    return value


async def _part(session: ZCPClientSession, handle: HandleRef, item: Any) -> Any:
    if is_object(item) and item.keys() == {"$handle", "pointer"} and item["$handle"] == handle.id:
        return await _read(session, handle, item["pointer"])
    return item
