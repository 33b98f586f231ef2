"""Tool results and tool definitions where revisions differ in more than their members."""

from __future__ import annotations

from typing import Any

from zcp_kernel import model
from zcp_kernel.codec import Convert, Hooks, HookTable, ModelCodec
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.jsontext import Fragment, dumps, is_object

from .history import COMPLETE_RESULTS, R3, R5


def result_hooks(revision: str) -> HookTable:
    table: dict[type | tuple[type, str], tuple[Hooks, ...]] = {
        model.CallResult: (Hooks(encode=_carry(revision)),),
    }
    if revision < R5:
        table[model.ToolDefinition] = (Hooks(encode=_object_schema_only),)
        table[model.ToolResultContent] = (Hooks(encode=_object_value_only),)
        return table
    complete = Hooks(encode=_complete, decode=_completed)
    for cls in COMPLETE_RESULTS:
        table[cls] = (*table.get(cls, ()), complete)
        if issubclass(cls, model.Cacheable):
            table[cls] = (*table[cls], Hooks(encode=_cacheable))
    return table


def _carry(revision: str) -> Any:
    """How a structured result travels: as itself (an object from 2025-06-18, any value from
    2026-07-28), as a text block with its JSON, or both, as `CallResult.carrier` says.

    Handlers' own content blocks are never added to. Where the revision cannot carry the value, the
    text is sent whatever the setting: a result must not get lost. A string that travels as text
    alone is said bare, not as JSON.
    """
    objects, anything = revision >= R3, revision >= R5

    def hook(codec: ModelCodec, derived: Convert) -> Convert:
        def encode(result: model.CallResult) -> dict[str, Any]:
            out: dict[str, Any] = derived(result)
            value = result.structured_content
            if value is None:
                return out
            text = result.encoded if result.encoded is not None else dumps(value)
            carrier = result.carrier
            if carrier != "text" and (anything or (objects and text.startswith(b"{"))):
                out["structuredContent"] = Fragment(text)
                if carrier == "structured":
                    return out
            else:
                out.pop("structuredContent", None)
            if not result.content:
                bare = isinstance(value, str) and "structuredContent" not in out
                said = value if bare else text.decode()
                out["content"] = [{"type": "text", "text": said}]
            return out

        return encode

    return hook


def _object_schema_only(codec: ModelCodec, derived: Convert) -> Convert:
    """Before 2026-07-28 the root of an output schema is an object."""

    def encode(tool: model.ToolDefinition) -> dict[str, Any]:
        out: dict[str, Any] = derived(tool)
        schema = out.get("outputSchema")
        if schema is not None and schema.get("type") != "object":
            del out["outputSchema"]
        return out

    return encode


def _object_value_only(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(block: model.ToolResultContent) -> dict[str, Any]:
        out: dict[str, Any] = derived(block)
        value = out.get("structuredContent")
        if value is not None and not is_object(value):
            del out["structuredContent"]
            if not block.content:
                out["content"] = [{"type": "text", "text": dumps(value).decode()}]
        return out

    return encode


def _complete(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(result: Any) -> dict[str, Any]:
        out: dict[str, Any] = derived(result)
        out["resultType"] = "complete"
        return out

    return encode


def _completed(codec: ModelCodec, derived: Convert) -> Convert:
    """Absent means complete: an older server's answer."""

    def decode(raw: Any) -> Any:
        if not is_object(raw) or "resultType" not in raw:
            return derived(raw)
        if raw["resultType"] != "complete":
            fault = Fault("resultType", "enum", "must be complete")
            raise InvalidParams("invalid: unknown resultType", [fault])
        return derived({name: value for name, value in raw.items() if name != "resultType"})

    return decode


def _cacheable(codec: ModelCodec, derived: Convert) -> Convert:
    """Unless it was said otherwise a result may not be kept, nor shown to anybody else."""

    def encode(result: model.Cacheable) -> dict[str, Any]:
        out: dict[str, Any] = derived(result)
        out.setdefault("ttlMs", 0)
        out.setdefault("cacheScope", "private")
        return out

    return encode


def invalid_arguments_result(faults: list[Fault], message: str) -> model.CallResult:
    """A tool error a model can mend its call from (2025-11-25, server/tools, "Error Handling")."""
    lines = [f"- {fault.path or 'arguments'} {fault.message} [{fault.code}]" for fault in faults]
    text = "\n".join(["The arguments do not fit the input schema:", *lines]) if lines else message
    return model.CallResult(content=[model.TextContent(text)], is_error=True)
