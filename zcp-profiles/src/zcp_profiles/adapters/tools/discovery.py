"""Three tools that stand for any number: search, describe, call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from attrs import evolve
from zcp_kernel.codec import PLAIN
from zcp_kernel.errors import NotFound, ParseError
from zcp_kernel.jsontext import dumps, is_object, loads
from zcp_kernel.model import ToolDefinition

from ...compact import ToolIndex, format_registry
from ..shapes import ToolCall

SEARCH, DESCRIBE, CALL = "search_tools", "describe_tools", "call_tool"
FOUND = 8
"""Tools a search shows when the model does not say how many."""
MOST_FOUND = 50


def _tool(
    tool: str, description: str, required: Sequence[str], /, **properties: Any
) -> dict[str, Any]:
    return {
        "name": tool,
        "description": description,
        "inputSchema": {
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": False,
        },
    }


TOOLS: tuple[dict[str, Any], ...] = (
    _tool(
        SEARCH,
        "Find tools by what they do. Answers one line a tool: name(parameters) - purpose; "
        "? marks what may be left out.",
        ["query"],
        query={"type": "string", "description": "words for the task"},
        limit={"type": "integer", "minimum": 1, "maximum": MOST_FOUND},
    ),
    _tool(
        DESCRIBE,
        "Full description and JSON schema of tools, where the line from search is not enough.",
        ["names"],
        names={"type": "array", "items": {"type": "string"}},
    ),
    _tool(
        CALL,
        "Call a tool that was found.",
        ["name", "arguments"],
        name={"type": "string"},
        arguments={"type": "string", "description": "the tool's arguments, as a JSON object"},
    ),
)


class Discovery:
    """The catalogue behind the three tools."""

    def __init__(self, tools: Sequence[dict[str, Any]]) -> None:
        self._tools = {str(tool["name"]): tool for tool in tools}
        self._index: ToolIndex | None = None

    def find(self, name: str) -> dict[str, Any] | None:
        return self._tools.get(name)

    async def search(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._index is None:
            definitions = (PLAIN.decode(ToolDefinition, tool) for tool in self._tools.values())
            self._index = ToolIndex(definitions)
        limit = min(int(arguments.get("limit") or FOUND), MOST_FOUND)
        found = self._index.search(str(arguments.get("query", "")), limit)
        return _text(format_registry(found) or "nothing fits; try other words")

    async def describe(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Raises `NotFound` for a name that is not in the view, naming the near ones."""
        names = [str(name) for name in arguments.get("names") or ()]
        for name in names:
            if name not in self._tools:
                raise NotFound("tool", self._with_near(name))
        return _text("\n\n".join(_described(self._tools[name]) for name in names))

    def meant(self, call: ToolCall) -> ToolCall:
        """The call that `call_tool` stands for; one that cannot be made says why in `fault`."""
        name = str(call.arguments.get("name", ""))
        if name not in self._tools:
            return evolve(call, fault=f"not_found:{self._with_near(name)}")
        arguments: Any = call.arguments.get("arguments")
        if isinstance(arguments, str):
            try:
                arguments = loads(arguments.encode()) if arguments.strip() else {}
            except (ParseError, UnicodeEncodeError) as error:
                return evolve(call, fault=f"arguments is not JSON ({error})")
        if not is_object(arguments):
            return evolve(call, fault="arguments must be a JSON object, as text")
        return evolve(call, name=name, arguments=arguments)

    def local(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        return {SEARCH: self.search, DESCRIBE: self.describe}

    def _with_near(self, name: str) -> str:
        near = get_close_matches(name, self._tools, 3)
        return f"{name}; there is {', '.join(near)}" if near else f"{name}; search for it first"


def _described(tool: dict[str, Any]) -> str:
    return "\n".join(
        [
            str(tool["name"]),
            *([str(tool["description"])] if tool.get("description") else ()),
            dumps(tool.get("inputSchema") or {}).decode(),
        ]
    )


def _text(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": False}
