"""Tools as sent to an API, and the way back from a call to the tool it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from difflib import get_close_matches
from typing import Any

from attrs import frozen
from zcp_kernel.codec import PLAIN
from zcp_kernel.errors import ParseError
from zcp_kernel.jsontext import is_list, is_object, loads
from zcp_kernel.model import ToolDefinition

from ..shapes import RawCall, ToolCall
from .names import api_names


@frozen
class Entry:
    """A tool of the list: as listed by its server, and how its arguments are decoded."""

    tool: dict[str, Any]
    decode: Callable[[Any], Any]


class CompiledTools(list[dict[str, Any]]):
    """The value of an API's `tools` parameter; knows which tool each entry is.

    `api_names` maps the names in it to the tools' own.
    """

    def __init__(
        self,
        tools: Iterable[dict[str, Any]],
        compile: Callable[[str, dict[str, Any]], tuple[dict[str, Any], Callable[[Any], Any]]],
    ) -> None:
        super().__init__()
        listed = {str(tool["name"]): tool for tool in tools}
        self.api_names = api_names(listed)
        self.entries: dict[str, Entry] = {}
        for api_name, name in self.api_names.items():
            sent, decode = compile(api_name, listed[name])
            self.entries[api_name] = Entry(listed[name], decode)
            self.append(sent)

    def without(self, name: str) -> CompiledTools:
        """The same but for the tool of this name."""
        fewer = copy(self)
        fewer.api_names = {key: each for key, each in self.api_names.items() if each != name}
        fewer.entries = {key: self.entries[key] for key in fewer.api_names}
        fewer[:] = [
            sent for key, sent in zip(self.api_names, self, strict=True) if key in fewer.api_names
        ]
        return fewer

    def call(self, raw: RawCall) -> ToolCall:
        """The call a model asked for, in the tool's own terms. Never raises: what is wrong with it
        stands in `fault`, in words the model can mend it by."""
        entry = self.entries.get(raw.api_name)
        if entry is None:
            near = get_close_matches(raw.api_name, self.entries, 3)
            hint = f"; there is {', '.join(near)}" if near else ""
            fault = f"not_found:{raw.api_name}: there is no such tool{hint}"
            return ToolCall(raw.id, raw.api_name, {}, raw.api_name, fault)
        name = str(entry.tool["name"])
        given, wrong = _arguments(raw.arguments)
        arguments = given if wrong is not None else entry.decode(given)
        if not is_object(arguments):
            arguments, wrong = {}, "the arguments must be a JSON object"
        return ToolCall(raw.id, name, arguments, raw.api_name, wrong)


def _arguments(given: str | dict[str, Any]) -> tuple[Any, str | None]:
    if not isinstance(given, str):
        return given, None
    if not given.strip():
        return {}, None
    try:
        value = loads(given.encode())
    except (ParseError, UnicodeEncodeError) as error:
        return {}, f"the arguments are not JSON ({error}); call again with one JSON object"
    if not is_object(value):
        return {}, "the arguments must be a JSON object"
    return value, None


def listed_tools(tools: Any) -> list[dict[str, Any]]:
    """Tools as dicts, from any form a list of them has: what `list_tools` returned, dicts or
    `ToolDefinition`s, a `RegistryView`, a `ToolRegistry`, or an app."""
    items: Iterable[Any] = tools["tools"] if is_object(tools) else getattr(tools, "tools", tools)
    return [_as_dict(item) for item in items]


def _as_dict(item: Any) -> dict[str, Any]:
    item = getattr(item, "definition", item)
    if isinstance(item, ToolDefinition):
        encoded: dict[str, Any] = PLAIN.encode(item)
        return encoded
    if is_object(item) and isinstance(item.get("name"), str):
        return item
    raise TypeError(f"no tool: {item!r}; give dicts with a name, or ToolDefinitions")


def groups_of(tool: Mapping[str, Any]) -> list[Any]:
    """The groups a tool is tagged with (`_meta.groups`)."""
    meta = tool.get("_meta")
    groups = meta.get("groups") if is_object(meta) else None
    return groups if is_list(groups) else []
