"""Prompts, and completing their arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from attrs import evolve

from ...codec import PLAIN
from ...context import Context
from ...errors import Fault, Forbidden, InvalidParams, NotFound
from ...jsontext import dumps, is_object
from ...model import (
    BLOCKS,
    CompletionRequest,
    CompletionResult,
    GetPromptParams,
    GetPromptResult,
    PromptMessage,
    TextContent,
)
from ..registry.items import Prompt
from ..shape import BINARY, binary_block

MAX_VALUES = 100
"""How many completions a result may carry (MCP, server/utilities/completion)."""


async def get_prompt(params: GetPromptParams, ctx: Context) -> GetPromptResult:
    """`prompts/get`."""
    prompt = _find(params.name, ctx)
    arguments = params.arguments or {}
    _check(prompt, arguments)
    return to_messages(await prompt.invoke(arguments, ctx), prompt)


def _find(name: str, ctx: Context) -> Prompt:
    prompt = ctx.kernel.registry.prompts.get(name)
    if prompt is None:
        raise NotFound("prompt", name)
    missing = ctx.principal.lacks(prompt.required_scopes)
    if missing:
        raise Forbidden(missing)
    return prompt


def _check(prompt: Prompt, arguments: dict[str, str]) -> None:
    known = {each.name for each in prompt.descriptor.arguments or ()}
    faults = [
        Fault(name, "required", f"the prompt needs {name!r}")
        for name in prompt.required
        if name not in arguments
    ] + [
        Fault(name, "unknown", f"the prompt takes {', '.join(sorted(known))}")
        for name in arguments
        if name not in known
    ]
    if faults:
        listed = "; ".join(f"{fault.path}: {fault.message}" for fault in faults)
        raise InvalidParams(f"invalid:arguments: {listed}", faults)


def to_messages(value: Any, prompt: Prompt) -> GetPromptResult:
    """What a prompt handler returns, as messages."""
    if isinstance(value, GetPromptResult):
        return value
    values = cast("Iterable[Any]", value) if isinstance(value, (list, tuple)) else [value]
    messages = [message for each in values for message in _messages(each)]
    return GetPromptResult(messages, prompt.descriptor.description)


def _messages(value: Any) -> list[PromptMessage]:
    if isinstance(value, PromptMessage):
        return [value]
    if isinstance(value, str):
        return [PromptMessage("user", TextContent(value))]
    if isinstance(value, (*BLOCKS, *BINARY)):
        return [PromptMessage("user", block) for block in _blocks(value)]
    if is_object(value) and "role" in value:
        role = value["role"]
        if role not in ("user", "assistant"):
            raise ValueError(f"a prompt's role is user or assistant, not {role!r}")
        return [PromptMessage(role, block) for block in _blocks(value.get("content", ""))]
    return [PromptMessage("user", TextContent(dumps(value).decode()))]


def _blocks(content: Any) -> list[Any]:
    """Content in any form a handler may give it: text, bytes, a block, a block as a dict, or
    several."""
    if isinstance(content, str):
        return [TextContent(content)]
    if isinstance(content, BLOCKS):
        return [content]
    if isinstance(content, BINARY):
        return [binary_block(cast("bytes", content))]
    if is_object(content):
        message = PLAIN.decode(PromptMessage, {"role": "user", "content": content})
        return [message.content]
    return [block for each in content for block in _blocks(each)]


async def complete(params: CompletionRequest, ctx: Context) -> CompletionResult:
    """`completion/complete`: by a prompt's name, or a resource's or template's URI."""
    name = _reference(params, ctx)
    completion = ctx.kernel.registry.completions.get(name)
    if completion is None:
        return CompletionResult([])
    value = await completion.invoke({"request": params}, ctx)
    result = value if isinstance(value, CompletionResult) else _result(list(value or ()))
    if len(result.values) <= MAX_VALUES:
        return result
    total = result.total if result.total is not None else len(result.values)
    return evolve(result, values=result.values[:MAX_VALUES], total=total, has_more=True)


def _result(values: list[Any]) -> CompletionResult:
    return CompletionResult([str(value) for value in values], total=len(values), has_more=False)


def _reference(params: CompletionRequest, ctx: Context) -> str:
    registry, ref = ctx.kernel.registry, params.ref
    if ref.get("type") == "ref/prompt" and isinstance(ref.get("name"), str):
        return _find(ref["name"], ctx).descriptor.name
    uri = ref.get("uri")
    if ref.get("type") == "ref/resource" and isinstance(uri, str):
        if uri in registry.templates or uri in registry.resources:
            return uri
        for template in registry.templates:
            if template.pattern.match(uri) is not None:
                return template.descriptor.uri_template
        raise NotFound("resource", uri)
    raise InvalidParams(
        "invalid:ref: expected {type: ref/prompt, name} or {type: ref/resource, uri}"
    )
