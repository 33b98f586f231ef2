"""The profile that shows three tools in place of thousands: search, describe, call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen
from zcp_kernel.context import Context
from zcp_kernel.errors import InvalidParams
from zcp_kernel.model import (
    CallRequest,
    CallResult,
    DescribeToolsParams,
    FoundTools,
    SearchToolsParams,
    ToolDefinition,
)

from ..compact import format_registry

if TYPE_CHECKING:
    from zcp_kernel.model import ListToolsParams
    from zcp_kernel.registry import Registry

SEARCH, DESCRIBE, CALL = "search_tools", "describe_tools", "call_tool"
NAMES = (SEARCH, DESCRIBE, CALL)

DEFINITIONS: tuple[ToolDefinition, ...] = (
    ToolDefinition(
        SEARCH,
        "Find tools by what they do. One line each: name, arguments (? may be left out), purpose.",
        {
            "type": "object",
            "properties": {
                "query": {"type": "string"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 50},
            },
            "required": ["query"],
            "additionalProperties": False,
        },
    ),
    ToolDefinition(
        DESCRIBE,
        "Everything about tools whose line is not enough.",
        {
            "type": "object",
            "properties": {"names": {"type": "array", "items": {"type": "string"}}},
            "required": ["names"],
            "additionalProperties": False,
        },
    ),
    ToolDefinition(
        CALL,
        "Call a tool that was found.",
        {
            "type": "object",
            "properties": {"name": {"type": "string"}, "arguments": {"type": "object"}},
            "required": ["name"],
            "additionalProperties": False,
        },
    ),
)


@frozen
class DiscoveryProfile:
    """`search_tools`, `describe_tools` and `call_tool` stand for every tool: on any plane a client
    finds and calls what it needs, and its model's context holds three tools.

    The tools they stand for can also be called by their own names. An app that has tools of its own
    by these three names shows everything: nothing could stand for them.
    """

    name: str = "discovery"

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        return tools if any(tool.name in NAMES for tool in tools) else DEFINITIONS

    def stands_for(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        return tools

    def as_list_tools_params(self) -> dict[str, Any]:
        """The keyword arguments of `ZCPClientSession.list_tools` that ask for this profile."""
        return {"profile": self.name}


def register(registry: Registry) -> None:
    """Add the three tools, listed only where the profile is in force. A name the app has taken is
    the app's, and then none of them is there."""
    if any(name in registry.tools for name in NAMES):
        return
    handlers: tuple[Callable[..., Any], ...] = (search, describe, call)
    for definition, handler in zip(DEFINITIONS, handlers, strict=True):
        registry.tool(
            name=definition.name,
            description=definition.description,
            input_schema=definition.input_schema,
            output_mode="auto" if handler is call else "inline",
            listing="unlisted",
        )(handler)


async def search(ctx: Context, query: str, limit: int | None = None) -> str:
    found: FoundTools = await ctx.kernel.execute(
        "tools/search", SearchToolsParams(query, limit), ctx
    )
    return format_registry(found.tools) or "no tool found: try other words"


async def describe(ctx: Context, names: list[str]) -> str:
    found: FoundTools = await ctx.kernel.execute("tools/describe", DescribeToolsParams(names), ctx)
    return format_registry(found.tools, "full")


async def call(ctx: Context, name: str, arguments: dict[str, Any] | None = None) -> CallResult:
    if name in NAMES:
        raise InvalidParams(f"invalid:{name}: call it by its own name")
    result: CallResult = await ctx.kernel.execute(
        "tools/call", CallRequest(name, arguments), ctx.within(whole=False)
    )
    return result
