"""Whether a result travels or stays here, and what the caller gets of one that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from ... import jsontext
from ...model import CallResult, ContentBlock, HandleRef, ResourceLink, TextContent
from ..codec.relayed import RelayedResult
from . import aliases
from .preview import preview

if TYPE_CHECKING:
    from ...context import Context
    from ..registry.items import Tool

URI_PREFIX = "zcp://handles/"


def worth_keeping(tool: Tool, result: CallResult, most_inline: int) -> bytes | None:
    """The value of a result as JSON, if it should stay here rather than travel."""
    encoded = result.encoded
    if tool.output_mode == "auto" and tool.inline_ok is None:
        if encoded is None:
            encoded = _text(result, most_inline)
        if encoded is None or len(encoded) <= most_inline:
            return None
    elif tool.inline_ok is True:
        return None
    elif encoded is None:
        encoded = _text(result, 0)
    return None if result.is_error or result.handle is not None else encoded


async def kept(
    encoded: bytes, result: CallResult, ctx: Context, scopes: tuple[str, ...]
) -> CallResult | None:
    """The result as a handle; None if it exceeds the budget: nothing may be lost, so it travels."""
    handles = ctx.kernel.handles
    value = result.structured_content
    if value is None:
        value = jsontext.reload(encoded)
    try:
        ref = await handles.keep(encoded, owner=ctx.owner, scopes=scopes, value=value)
    except ValueError:
        return None
    ref = evolve(ref, alias=aliases.name(ref.id, ctx.session))
    shown = preview(value, handles.settings.preview_bytes)
    content = [] if ctx.session.offers_handles else linked(ref, shown)
    return CallResult(content, handle=ref, preview=shown, meta=result.meta)


def _text(result: CallResult, most_inline: int) -> bytes | None:
    """The text of a result as JSON, if it is nothing else, and not certainly small enough."""
    if type(result) is RelayedResult and result.short((most_inline - 2) // 6):
        return None
    content = result.content
    if len(content) != 1 or type(block := content[0]) is not TextContent:
        return None
    if 6 * len(block.text) + 2 <= most_inline:
        return None
    if block.annotations is not None or block.meta is not None:
        return None
    return jsontext.dumps(block.text)


def linked(ref: HandleRef, shown: Any) -> list[ContentBlock]:
    """A handle for a peer that knows none: what it is in words, and a resource to read."""
    uri = URI_PREFIX + ref.id
    words = f"{ref.summary} ({ref.size} bytes), kept on the server: read {uri}"
    if shown is not None:
        words += f"\nIt begins: {jsontext.dumps(shown).decode()}"
    link = ResourceLink(uri, ref.id, description=ref.summary, mime_type="application/json")
    return [TextContent(words), evolve(link, size=ref.size)]
