"""What a server offers besides tools: resources, prompts, completions, log level."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..._core.templates import UriTemplate
from ...errors import Fault, InvalidParams, InvalidRequest, NotFound, RemoteError
from ...model import (
    CompletionRequest,
    Empty,
    GetPromptParams,
    ListParams,
    ReadResourceParams,
    SetLevelParams,
    SubscribeParams,
)
from ...model.notices import LOG_LEVELS, LogLevel
from .joining.trying import DISCOVER
from .plain import plain
from .session import SessionCore

MOST_PAGES = 10_000
"""Pages of one list that are read before it is taken to have no end."""


class CatalogueCalls(SessionCore):
    """Lists are whole unless a cursor is given; then they are that one page."""

    async def ping(self) -> dict[str, Any]:
        """`{"ok": True}` once the server has answered."""
        link = await self._ready()
        # Where there is no session there is nothing to keep alive, only a server to be reached.
        await self.ask(DISCOVER if link.revision.stateless else "ping", Empty())
        return {"ok": True}

    async def list_resources(self, cursor: str | None = None) -> dict[str, Any]:
        """`{"resources": [...], "nextCursor"?}`."""
        return await self.pages("resources/list", ListParams, cursor, "resources")

    async def list_resource_templates(self, cursor: str | None = None) -> dict[str, Any]:
        """`{"resourceTemplates": [...], "nextCursor"?}`."""
        return await self.pages("resources/templates/list", ListParams, cursor, "resourceTemplates")

    async def read_resource(
        self, uri: str, arguments: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """`{"contents": [{uri, mimeType?, text | blob}]}`.

        `arguments` fills the variables of a URI template (RFC 6570, level 1). Raises
        `InvalidParams` for a variable without a value.
        """
        if arguments is not None:
            uri = _expanded(uri, arguments)
        return plain(await self.ask("resources/read", ReadResourceParams(uri)))

    async def subscribe_resource(self, uri: str) -> dict[str, Any]:
        """Have `notifications/resources/updated` sent for this URI; it outlives a reconnect.

        Raises `NotFound` where the server does not agree to it.
        """
        if not (await self._ready()).revision.stateless:
            answer = plain(await self.ask("resources/subscribe", SubscribeParams(uri)))
            self._subscriptions.add(uri)
            return answer
        added = uri not in self._subscriptions
        self._subscriptions.add(uri)
        try:
            agreed = await self._follow()
            if uri not in (agreed.resource_subscriptions or ()):
                raise NotFound("resource", uri)
        except BaseException:
            if added:
                self._subscriptions.discard(uri)
            raise
        return {}

    async def unsubscribe_resource(self, uri: str) -> dict[str, Any]:
        self._subscriptions.discard(uri)
        if not (await self._ready()).revision.stateless:
            return plain(await self.ask("resources/unsubscribe", SubscribeParams(uri)))
        await self._follow()
        return {}

    async def list_prompts(self, cursor: str | None = None) -> dict[str, Any]:
        """`{"prompts": [...], "nextCursor"?}`."""
        return await self.pages("prompts/list", ListParams, cursor, "prompts")

    async def get_prompt(
        self, name: str, arguments: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """`{"messages": [{role, content}], "description"?}`."""
        return plain(await self.ask("prompts/get", GetPromptParams(name, arguments)))

    async def complete(
        self,
        ref: str | Mapping[str, Any],
        argument: str | Mapping[str, Any],
        value: str | None = None,
        context: Mapping[str, Any] | None = None,
        context_arguments: Mapping[str, str] | None = None,
        method: str = "completion/complete",
    ) -> dict[str, Any]:
        """`{"completion": {"values": [...], "total"?, "hasMore"?}}`.

        `ref` is a prompt's name, a resource's or template's URI, or the protocol's reference dict;
        `argument` a name, or `{"name", "value"}`. The arguments already settled are
        `context_arguments`, or `context`, which may also be `{"arguments": {...}}`. `method` is the
        name on the wire; the older `completions/complete` is native only.
        """
        params = _completion(ref, argument, value, context, context_arguments)
        if method == "completion/complete":
            return plain(await self.ask(method, params))
        codec = (await self._ready()).revision.requests.get(method)
        if codec is None or codec.operation != "completion/complete":
            raise InvalidParams(f"invalid:method: {method!r} completes nothing in this revision")
        raw = await self.request(method, codec.encode_params(params))
        return plain(codec.decode_result(raw))

    async def set_logging_level(self, level: LogLevel) -> dict[str, Any]:
        """The least severe level (RFC 5424 names) the server should send; outlives a reconnect.

        A server without sessions is told it with every request, and sends no other messages.
        """
        link = await self._ready()
        if link.revision.stateless:
            if level not in LOG_LEVELS:
                known = ", ".join(LOG_LEVELS)
                raise InvalidParams(f"invalid:level: {level!r} is none of {known}")
            link.log_from(level)
            answer: dict[str, Any] = {}
        else:
            answer = plain(await self.ask("logging/setLevel", SetLevelParams(level)))
        self._log_level = level
        return answer

    async def pages(
        self, operation: str, params: Callable[..., Any], cursor: str | None, member: str
    ) -> dict[str, Any]:
        """One page if there is a cursor (an empty string is one), else all of them as one.

        Raises `RemoteError` for a server whose pages have no end: one that repeats a cursor, or has
        more than `MOST_PAGES`.
        """
        answer = await self._page(operation, params(cursor=cursor))
        if cursor is not None:
            return answer
        seen: set[str] = set()
        while (following := answer.pop("nextCursor", None)) is not None:
            if following in seen:
                raise _endless(f"the server's {operation} goes round in circles")
            if len(seen) >= MOST_PAGES:
                raise _endless(f"the server's {operation} has more than {MOST_PAGES} pages")
            seen.add(following)
            page = await self._page(operation, params(cursor=following))
            answer[member].extend(page[member])
            if "nextCursor" in page:
                answer["nextCursor"] = page["nextCursor"]
        return answer

    async def _page(self, operation: str, params: Any) -> dict[str, Any]:
        try:
            return plain(await self.ask(operation, params))
        except RemoteError:
            if params.cursor is not None and self._cache is not None:
                # The listing this cursor belongs to is no more (server/utilities/caching, "Pages").
                self._cache.drop(operation)
            raise


def _endless(message: str) -> RemoteError:
    return RemoteError(InvalidRequest.code, message)


def _expanded(uri: str, arguments: Mapping[str, Any]) -> str:
    try:
        template = UriTemplate(uri)
    except ValueError as error:
        raise InvalidParams(f"invalid:uri: {error}") from None
    missing = [name for name in template.variables if name not in arguments]
    if missing:
        faults = [Fault(name, "required", f"{uri} needs a value for it") for name in missing]
        raise InvalidParams(f"missing:{','.join(missing)}", faults)
    return template.expand({name: str(item) for name, item in arguments.items()})


def _completion(
    ref: str | Mapping[str, Any],
    argument: str | Mapping[str, Any],
    value: str | None,
    context: Mapping[str, Any] | None,
    context_arguments: Mapping[str, str] | None,
) -> CompletionRequest:
    name = argument if isinstance(argument, str) else str(argument["name"])
    if value is None and not isinstance(argument, str):
        value = argument.get("value")
    settled = dict(context or {})
    if isinstance(settled.get("arguments"), Mapping):
        settled = dict(settled["arguments"])
    settled.update(context_arguments or {})
    return CompletionRequest(ref=_reference(ref), argument=name, value=value or "", context=settled)


def _reference(ref: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(ref, str):
        by_uri = "://" in ref or ref.startswith("urn:")
        ref = {"uri": ref} if by_uri else {"name": ref}
    if "type" in ref:
        return dict(ref)
    return {"type": "ref/resource" if "uri" in ref else "ref/prompt", **ref}
