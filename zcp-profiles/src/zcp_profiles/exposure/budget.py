"""The profile that fits the catalogue into a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen
from zcp_kernel.codec import PLAIN
from zcp_kernel.jsontext import dumps
from zcp_kernel.model import ToolDefinition

from ..compact import estimate_tokens, one_line, signature

if TYPE_CHECKING:
    from zcp_kernel.model import ListToolsParams

DEFAULT_TOKENS = 4000


@frozen
class BudgetProfile:
    """Full definitions for the tools most likely to be needed, a line for the others, and names
    alone, or nothing, for those for which there is no room; all in the order of registration.

    Likelier are tools with a higher `_meta.priority` (a number, 0 if not given), then those of the
    semantic group, then those registered first. The line of a tool is its description: one
    sentence and the call signature. Whatever is shown of it, a tool can be called, and its
    arguments are held against its whole schema. `tokens` is the budget; `count` says how many
    tokens a text is, `estimate_tokens` if not given.
    """

    tokens: int = DEFAULT_TOKENS
    count: Callable[[str], int] | None = None
    name: str = "budget"
    semantic_group: str = "workflow"

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        count = self.count or estimate_tokens
        likeliest = sorted(range(len(tools)), key=lambda place: self._rank(tools[place]))
        chosen: dict[int, ToolDefinition] = {}
        prices: dict[int, int] = {}
        left = self.tokens
        for form in (named, brief, whole):
            # The plainest form of as many as there is room for, then better ones of the likeliest.
            for place in likeliest:
                if form is not named and place not in chosen:
                    continue
                wanted = form(tools[place])
                price = count(text_of(wanted))
                more = price - prices.get(place, 0)
                if more > left:
                    continue
                chosen[place], prices[place] = wanted, price
                left -= more
        return [chosen[place] for place in sorted(chosen)]

    def stands_for(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        return tools

    def as_list_tools_params(self) -> dict[str, Any]:
        """The keyword arguments of `ZCPClientSession.list_tools` that ask for this profile."""
        return {"profile": self.name}

    def _rank(self, tool: ToolDefinition) -> tuple[float, bool]:
        meta = tool.meta or {}
        priority = meta.get("priority", 0)
        number = priority if isinstance(priority, int | float) else 0
        return -number, self.semantic_group not in meta.get("groups", ())


def text_of(tool: ToolDefinition) -> str:
    """What a model is sent of a tool: name, description and input schema."""
    shown = ToolDefinition(tool.name, tool.description, tool.input_schema)
    return dumps(PLAIN.encode(shown)).decode()


def whole(tool: ToolDefinition) -> ToolDefinition:
    return tool


def named(tool: ToolDefinition) -> ToolDefinition:
    return ToolDefinition(tool.name)


def brief(tool: ToolDefinition) -> ToolDefinition:
    """A tool without its schema: what there is to know stands in its description, so that it
    reaches models through hosts that know nothing of signatures."""
    line = one_line(tool.description or tool.title)
    called = signature(tool.input_schema)
    return ToolDefinition(
        tool.name, f"{line} {called}" if line else called, annotations=tool.annotations
    )
