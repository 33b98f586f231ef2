"""Tools as the Messages API takes them. Source: Anthropic, "Tool use"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zcp_kernel.jsontext import is_object

from ..adapters.tools.compiled import CompiledTools, listed_tools
from ..adapters.tools.sizes import Sizes

INPUT = "input"
HANDLE: dict[str, Any] = {
    "type": "object",
    "description": "a kept result, passed on without reading it",
    "properties": {"$handle": {"type": "string"}, "pointer": {"type": "string"}},
    "required": ["$handle"],
    "additionalProperties": False,
}
_AT_THE_TOP = ("anyOf", "oneOf", "allOf", "$ref")
"""The API takes none of these at the top of an input schema."""


def compile_anthropic_tools(tools: Any, *, handle_bytes: int | None = None) -> CompiledTools:
    """Tools as the `tools` parameter of `messages.create`: a list that knows its way back.

    `tools` is what `list_tools` returned, a list of dicts or `ToolDefinition`s, a `ToolRegistry`, a
    `RegistryView` or an app. Schemas go as they are; one that is no plain object at the top stands
    in one property, `input`. With `handle_bytes`, an argument whose schema allows for more bytes
    than that may also be given as `{"$handle": id, "pointer"?}`, a reference to a kept result.
    """

    def compile(name: str, tool: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Any], Any]]:
        schema, decode = _schema(tool.get("inputSchema") or {})
        if handle_bytes is not None:
            schema = _with_handles(schema, handle_bytes)
        sent: dict[str, Any] = {"name": name, "input_schema": schema}
        if description := tool.get("description") or tool.get("title"):
            sent["description"] = description
        return sent, decode

    return CompiledTools(listed_tools(tools), compile)


def _with_handles(schema: dict[str, Any], handle_bytes: int) -> dict[str, Any]:
    sizes, members = Sizes(schema), schema.get("properties")
    if not is_object(members):
        return schema
    large = {name for name, part in members.items() if sizes.of(part) > handle_bytes}
    either = {name: {"anyOf": [members[name], HANDLE]} for name in large}
    return {**schema, "properties": {**members, **either}} if large else schema


def _schema(schema: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Any], Any]]:
    bare = {word: item for word, item in schema.items() if word != "$schema"}
    if not any(word in bare for word in _AT_THE_TOP) and bare.get("type", "object") == "object":
        return {**bare, "type": "object"}, _as_it_is
    definitions: dict[str, Any] = {
        word: bare.pop(word) for word in ("$defs", "definitions") if word in bare
    }
    wrapped: dict[str, Any] = {"type": "object", "properties": {INPUT: bare}, "required": [INPUT]}
    return wrapped | definitions, _unwrapped


def _as_it_is(arguments: Any) -> Any:
    return arguments


def _unwrapped(arguments: Any) -> Any:
    return arguments[INPUT] if is_object(arguments) and INPUT in arguments else arguments
