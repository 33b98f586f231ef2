"""The text a prompt can carry: a catalogue, a call, a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from zcp_kernel.codec import PLAIN
from zcp_kernel.jsontext import dumps, is_object
from zcp_kernel.model import CallRequest, CallResult, Detail, Shape, ToolDefinition
from zcp_kernel.registry import RegistryView, ToolRegistry

from .signatures import one_line, signature
from .tables import as_table

Tools = ToolRegistry | RegistryView | Mapping[str, Any] | Iterable[Any]
"""A registry, a view of one, what `list_tools()` returned, or tools as objects or dicts."""


def format_registry(tools: Tools, detail: Detail = "brief") -> str:
    """One line a tool, in the order given.

    "names": `weather.get`; "brief": `weather.get(city:str, days?:int) - Weather for a city.`;
    "full": the whole description below the signature, indented, and the schema as JSON where the
    signature does not say everything.
    """
    return "\n".join(_line(tool, detail) for tool in _definitions(tools))


def _line(tool: ToolDefinition, detail: Detail) -> str:
    if detail == "names":
        return tool.name
    head = tool.name + (tool.signature or signature(tool.input_schema))
    if detail == "brief":
        line = one_line(tool.description or tool.title)
        return f"{head} - {line}" if line else head
    lines = [head]
    if tool.description:
        lines += [f"  {line}".rstrip() for line in tool.description.strip().splitlines()]
    if tool.signature is None and tool.input_schema.get("properties"):
        lines.append(f"  {dumps(tool.input_schema).decode()}")
    return "\n".join(lines)


def _definitions(tools: Tools) -> list[ToolDefinition]:
    if isinstance(tools, RegistryView):
        return list(tools.tools)
    if isinstance(tools, ToolRegistry):
        return [tool.definition for tool in tools if tool.listing != "unlisted"]
    if isinstance(tools, Mapping):
        return _definitions(cast("Mapping[str, Any]", tools).get("tools", ()))
    return [_definition(tool) for tool in tools]


def _definition(tool: Any) -> ToolDefinition:
    if isinstance(tool, ToolDefinition):
        return tool
    if isinstance(tool, Mapping):
        return PLAIN.decode(ToolDefinition, dict(cast("Mapping[str, Any]", tool)))
    definition = getattr(tool, "definition", None)
    if isinstance(definition, ToolDefinition):
        return definition
    raise TypeError(f"{type(tool).__qualname__} is no tool")


def format_call(call: str | CallRequest, arguments: Mapping[str, Any] | None = None) -> str:
    """A call as it would be written: `weather.get(city="Hangzhou", days=2)`; values are JSON."""
    name = call
    if isinstance(call, CallRequest):
        name, arguments = call.name, call.arguments
    given = ", ".join(f"{key}={_json(value)}" for key, value in (arguments or {}).items())
    return f"{name}({given})"


def format_result(result: CallResult | Mapping[str, Any]) -> str:
    """What a model should read of a result, in as few words as say it all.

    Text is itself; a list of records is a table (see `as_table`), any other value JSON; a handle is
    its alias or id, what it is, how large, and how it begins; an error begins with "error: ". What
    is no text is named by its type, also beside a value.
    """
    answer: Mapping[str, Any] = PLAIN.encode(result) if isinstance(result, Shape) else result
    said = _said(answer)
    if answer.get("isError"):
        return f"error: {said}" if said else "error"
    return said


def _said(answer: Mapping[str, Any]) -> str:
    handle = answer.get("handle")
    if is_object(handle):
        return _handle(handle, answer.get("preview"))
    blocks = [block for block in answer.get("content") or () if is_object(block)]
    value = answer.get("structuredContent")
    if value is None:
        return "\n".join(_block(block) for block in blocks)
    media = [_block(block) for block in blocks if block.get("type") in ("image", "audio")]
    return "\n".join([format_value(value), *media])


def format_value(value: Any) -> str:
    """A value on its own: a string as it is, a list of records as a table, all else JSON."""
    return value if isinstance(value, str) else as_table(value) or _json(value)


def _handle(handle: Mapping[str, Any], preview: Any) -> str:
    name = handle.get("alias") or handle["id"]
    said = f"{name}: {handle['summary']}, {handle['size']} bytes, kept on the server"
    return said if preview is None else f"{said}; begins {_json(preview)}"


def _block(block: Mapping[str, Any]) -> str:
    kind = block.get("type")
    if kind == "text":
        return str(block.get("text", ""))
    if kind == "resource_link":
        about = f" ({block['description']})" if block.get("description") else ""
        return f"[{block.get('title') or block.get('name')}: {block.get('uri')}{about}]"
    if kind == "resource" and is_object(inner := block.get("resource")):
        return str(inner["text"]) if "text" in inner else f"[resource {inner.get('uri', '')}]"
    return f"[{kind} {block.get('mimeType', '')}]".replace(" ]", "]")


def _json(value: Any) -> str:
    return dumps(value).decode()
