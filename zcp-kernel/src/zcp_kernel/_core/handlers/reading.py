"""Reading resources, and being told when they change."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, cast

from ...context import Context
from ...errors import Forbidden, LimitReached, NotFound
from ...jsontext import dumps
from ...model import (
    Empty,
    ReadResourceParams,
    ReadResourceResult,
    ResourceContents,
    SubscribeParams,
)
from ..registry.items import Resource, Template

MAX_SUBSCRIPTIONS = 10_000
"""How many URIs one session may watch."""


async def read_resource(params: ReadResourceParams, ctx: Context) -> ReadResourceResult:
    """`resources/read`: an exact URI first, then the templates in their order."""
    found, variables = find(params.uri, ctx)
    value = await found.invoke({**variables, "uri": params.uri}, ctx)
    return to_contents(value, params.uri, found.descriptor.mime_type)


def find(uri: str, ctx: Context) -> tuple[Resource | Template, dict[str, str]]:
    """What answers for this URI. Raises `NotFound` and `Forbidden`."""
    registry = ctx.kernel.registry
    found: Resource | Template | None = registry.resources.get(uri)
    variables: dict[str, str] = {}
    if found is None:
        for template in registry.templates:
            matched = template.pattern.match(uri)
            if matched is not None:
                found, variables = template, matched
                break
        else:
            found = registry.resources.resolve(uri)
    if found is None:
        raise NotFound("resource", uri)
    missing = ctx.principal.lacks(found.required_scopes)
    if missing:
        raise Forbidden(missing)
    return found, variables


def to_contents(value: Any, uri: str, mime_type: str | None) -> ReadResourceResult:
    """What a resource handler returns, as contents: text, bytes, contents, or JSON."""
    if isinstance(value, ReadResourceResult):
        return value
    if isinstance(value, ResourceContents):
        return ReadResourceResult([value])
    if isinstance(value, (list, tuple)) and value:
        items = list(cast("Iterable[Any]", value))
        if all(isinstance(item, ResourceContents) for item in items):
            return ReadResourceResult(items)
    if isinstance(value, str):
        return _one(uri, mime_type or "text/plain", text=value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        blob = base64.b64encode(cast("bytes", value)).decode()
        return _one(uri, mime_type or "application/octet-stream", blob=blob)
    return _one(uri, mime_type or "application/json", text=dumps(value).decode())


def _one(
    uri: str, mime_type: str, *, text: str | None = None, blob: str | None = None
) -> ReadResourceResult:
    return ReadResourceResult(
        [ResourceContents(uri=uri, mime_type=mime_type, text=text, blob=blob)]
    )


async def subscribe(params: SubscribeParams, ctx: Context) -> Empty:
    """`resources/subscribe`: only what the caller may read can be watched."""
    found, _ = find(params.uri, ctx)
    watched = ctx.session.state.subscriptions
    if len(watched) >= MAX_SUBSCRIPTIONS and params.uri not in watched:
        raise LimitReached(f"invalid: this session watches {MAX_SUBSCRIPTIONS} resources already")
    if found.watch is not None:
        await found.watch(params.uri, ctx)
    watched.add(params.uri)
    return Empty()


async def unsubscribe(params: SubscribeParams, ctx: Context) -> Empty:
    """`resources/unsubscribe`: harmless for a URI that is not watched."""
    ctx.session.state.subscriptions.discard(params.uri)
    return Empty()
