"""Tools as functions of the OpenAI APIs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ..adapters.tools.compiled import CompiledTools, listed_tools
from .strict import OpenAIStrictSchemaCompiler

MAX_DESCRIPTION = 1024
"""Longest description of a function, in characters; those inside its schema have no limit."""

Api = Literal["responses", "chat"]


def compile_openai_tools(
    tools: Any, *, api: Api = "responses", strict: bool = True, handle_bytes: int | None = None
) -> CompiledTools:
    """Tools as the `tools` parameter of the API takes them: a list that knows its way back.

    `tools` is what `list_tools` returned, a list of dicts or `ToolDefinition`s, a `ToolRegistry`, a
    `RegistryView` or an app. With `strict`, schemas are compiled to the strict subset where it has
    a form for them (see `OpenAIStrictSchemaCompiler`, also for `handle_bytes`); else they go as
    they are. There is no cap on how many. `result.call(raw)` tells which tool a call means.
    """
    compiler = OpenAIStrictSchemaCompiler(handle_bytes=handle_bytes)

    def compile(name: str, tool: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Any], Any]]:
        schema = tool.get("inputSchema") or {"type": "object"}
        function: dict[str, Any] = {"name": name}
        description, further = split(tool.get("description") or tool.get("title") or "")
        if description:
            function["description"] = description
        compiled = compiler.compile(schema) if strict else None
        parameters = schema if compiled is None else compiled.schema
        if further:
            parameters = {**parameters, "description": further}
        function |= {"parameters": parameters, "strict": compiled is not None and compiled.strict}
        return in_form(function, api), _as_it_is if compiled is None else compiled.decode

    return CompiledTools(listed_tools(tools), compile)


def split(description: str) -> tuple[str, str]:
    """A description as the API takes it, and what is beyond its limit, to be said elsewhere."""
    if len(description) <= MAX_DESCRIPTION:
        return description, ""
    end = description.rfind(" ", 1, MAX_DESCRIPTION)
    end = end if end > 0 else MAX_DESCRIPTION
    return description[:end], description[end:].strip()


def in_form(function: dict[str, Any], api: Api) -> dict[str, Any]:
    """A function as an entry of the API's tools."""
    if api == "chat":
        return {"type": "function", "function": function}
    return {"type": "function", **function}


def as_chat_tools(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries for Responses as entries for Chat Completions."""
    return [
        in_form({name: item for name, item in tool.items() if name != "type"}, "chat")
        for tool in tools
    ]


def _as_it_is(arguments: Any) -> Any:
    return arguments
