"""Tools and resources that let every peer use what the native plane has methods for.

None of them is there unless configuration asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zcp_kernel.codec import PLAIN
from zcp_kernel.context import Context
from zcp_kernel.errors import InvalidParams
from zcp_kernel.handles import URI_PREFIX, handle_meant
from zcp_kernel.jsontext import dumps
from zcp_kernel.model import (
    PipelineParams,
    ReadHandleParams,
    ReadHandleResult,
    ReadResourceResult,
    ResourceContents,
)

from .pipeline import as_tool_result
from .section import NativeSection

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.registry import Registry

READER = "read_handle"
PIPELINE = "run_pipeline"

_READER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "handle": {"type": "string", "description": "Its id or alias, such as #S1"},
        "pointer": {"type": "string", "description": "JSON Pointer to a part, such as /rows/0"},
        "offset": {"type": "integer", "minimum": 0},
        "limit": {"type": "integer", "minimum": 1},
        "fields": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Members of each item to keep",
        },
        "where": {
            "type": "array",
            "description": "Which items of a list",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "op": {"enum": ["eq", "ne", "lt", "le", "gt", "ge", "contains"]},
                    "value": {},
                },
                "required": ["value"],
            },
        },
    },
    "required": ["handle"],
    "additionalProperties": False,
}

_PIPELINE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "steps": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "tool": {"type": "string"},
                    "arguments": {"type": "object"},
                },
                "required": ["id", "tool"],
                "additionalProperties": False,
            },
        },
        "return": {
            "description": "Id of the step whose result to return, or a list of ids; the last if "
            "not given"
        },
    },
    "required": ["steps"],
    "additionalProperties": False,
}


def register(registry: Registry, config: ServerConfig) -> None:
    """Add what configuration asks for; a name the app has taken stays the app's."""
    settings: NativeSection = config.section(NativeSection)
    if settings.reader_tool and READER not in registry.tools:
        registry.tool(
            name=READER,
            description="Read a page of a result that was kept on the server.",
            input_schema=_READER_SCHEMA,
            output_mode="inline",
            listing="always",
            annotations={"readOnlyHint": True},
        )(read_handle)
    if settings.pipeline_tool and PIPELINE not in registry.tools:
        registry.tool(
            name=PIPELINE,
            description="Run several tools one after the other, results staying on the server. In "
            'arguments {"$step": id, "pointer": "/a/0"} is an earlier step\'s result, or a part.',
            input_schema=_PIPELINE_SCHEMA,
            listing="always",
        )(pipeline)
    links = config.section("handles").mcp or any(tool.mcp_handles for tool in registry.tools)
    if links:
        registry.resource_template(
            URI_PREFIX + "{id}",
            name="result",
            description="A result that was kept on the server; only who got it can read it.",
            mime_type="application/json",
        )(read_link)


async def read_handle(ctx: Context, **given: Any) -> Any:
    params = PLAIN.decode(ReadHandleParams, given)
    params.handle = handle_meant(params.handle, ctx.session)
    page = await ctx.kernel.handles.read(params, ctx.owner, ctx.principal)
    return _page(page)


def _page(page: ReadHandleResult) -> dict[str, Any]:
    """`{value, total?, nextOffset?}`; null is a value and is said."""
    return {"value": None, **PLAIN.encode(page)}


async def pipeline(ctx: Context, **given: Any) -> Any:
    return await as_tool_result(PLAIN.decode(PipelineParams, given), ctx)


async def read_link(uri: str, id: str, ctx: Context) -> ReadResourceResult:
    """The whole value, as an MCP peer reads it: private, whoever keeps it on the way."""
    handles = ctx.kernel.handles
    try:
        handle = handle_meant(id, ctx.session)
        most = handles.settings.max_bytes_total
        value, _ = await handles.value(handle, "", ctx.owner, ctx.principal, most)
    except InvalidParams as error:
        raise InvalidParams(f"invalid:{uri}: {error.message}", error.faults) from None
    text = value if isinstance(value, str) else dumps(value).decode()
    kind = "text/plain" if isinstance(value, str) else "application/json"
    contents = [ResourceContents(uri, mime_type=kind, text=text)]
    return ReadResourceResult(contents, cache_scope="private")
