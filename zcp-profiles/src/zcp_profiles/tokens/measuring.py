"""What a model is sent of a catalogue, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen
from zcp_kernel.codec import PLAIN
from zcp_kernel.jsontext import dumps
from zcp_kernel.model import Detail, ToolDefinition

from ..compact import format_registry

DETAILS: tuple[Detail, ...] = ("names", "brief", "full")
"""The levels of the native plane; MCP has but the full one."""

_SENT = ("name", "description", "inputSchema", "signature")
"""What hosts pass on to a model API of a tool."""


@frozen
class ToolCost:
    """Tokens of one tool by level of detail."""

    name: str
    tokens: Mapping[str, int]


@frozen
class CatalogueCost:
    """Tokens of a surface's catalogue: of each tool, and of all as they are sent together."""

    tools: tuple[ToolCost, ...]
    tokens: Mapping[str, int]

    def heaviest(self, most: int = 3, detail: Detail = "full") -> list[ToolCost]:
        return sorted(self.tools, key=lambda tool: -tool.tokens[detail])[:most]


def measure(
    tools: Iterable[ToolDefinition | Mapping[str, Any]],
    count: Callable[[str], int],
    details: Sequence[Detail] = DETAILS,
) -> CatalogueCost:
    """Cost of tools as a server lists them. "full" is the JSON of name, description and input
    schema, "brief" and "names" the lines of `format_registry`."""
    listed = [_as_dict(tool) for tool in tools]
    each = tuple(
        ToolCost(
            str(tool["name"]),
            {detail: count(_text([tool], detail, one=True)) for detail in details},
        )
        for tool in listed
    )
    return CatalogueCost(each, {detail: count(_text(listed, detail)) for detail in details})


def _text(tools: list[dict[str, Any]], detail: Detail, *, one: bool = False) -> str:
    if detail != "full":
        return format_registry(tools, detail)
    sent = [_sent(tool) for tool in tools]
    return dumps(sent[0] if one else sent).decode()


def _sent(tool: dict[str, Any]) -> dict[str, Any]:
    sent = {name: tool[name] for name in _SENT if tool.get(name)}
    if "signature" in sent:
        # A profile shows this one in brief: the signature stands for the schema.
        sent.pop("inputSchema", None)
    return sent


def _as_dict(tool: ToolDefinition | Mapping[str, Any]) -> dict[str, Any]:
    encoded: dict[str, Any] = PLAIN.encode(tool) if isinstance(tool, ToolDefinition) else dict(tool)
    return encoded
