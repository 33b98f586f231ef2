"""What is sent to an upstream for a call of a mounted object, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import evolve

from ...errors import ParseError, RemoteError
from ...jsontext import dumps, is_object, loads
from ...model import (
    CallRequest,
    CallResult,
    CompletionRequest,
    CreateTaskResult,
    EmbeddedResource,
    GetPromptParams,
    ReadResourceParams,
    ReadResourceResult,
    ResourceLink,
    TaskOptions,
    TextContent,
    ToolDefinition,
)
from ..client.calling.sending import Manner
from ..codec.relayed import RelayedResult, relayed
from .failures import UpstreamError
from .following import kind_outcome, outcome
from .meta import number_of
from .whole import with_value

if TYPE_CHECKING:
    from ...client import ZCPClientSession
    from ...context import Context
    from ...contracts import Method, Revision
    from ..mount.remote import RemoteSections
    from ..mount.upstream import Upstream
    from .line import Line


class ToolCalls:
    """Calls of one tool of an upstream's."""

    def __init__(self, sections: RemoteSections, definition: ToolDefinition) -> None:
        self._sections = sections
        self._name = definition.name
        hints, execution = definition.annotations, definition.execution
        self._takes_tasks = bool(execution and execution.task_support in ("optional", "required"))
        self._schema = definition.input_schema
        self._only_as_task = False
        self._repeatable = bool(hints and (hints.read_only_hint or hints.idempotent_hint))
        self._manners: dict[bool, tuple[ZCPClientSession, Manner]] = {}

    async def __call__(self, arguments: dict[str, Any], ctx: Context) -> CallResult:
        """The upstream's own result; a tool error if it cannot be reached."""
        try:
            upstream = self._sections.upstream(ctx)
            if ctx.asker is not None:
                work = partial(self._called, upstream, arguments)
                result = await upstream.held.through(ctx, work)
            elif upstream.pool is None:
                result = await self._over(upstream.shared, upstream, arguments, ctx)
            else:
                result = await self._called(upstream, arguments, ctx)
        except UpstreamError as error:
            return error.as_result(self._sections.origin)
        if type(result) is RelayedResult and result.structured_content is None:
            # It is text: it goes on as it came.
            return result
        if result.content and self._sections.renamed:
            result.content = [_renamed(block, self._sections.renamed) for block in result.content]
        return _fitting(result, ctx)

    async def _called(
        self, upstream: Upstream, arguments: dict[str, Any], ctx: Context
    ) -> CallResult:
        async with upstream.line(ctx) as line:
            return await self._over(line, upstream, arguments, ctx)

    async def _over(
        self, line: Line, upstream: Upstream, arguments: dict[str, Any], ctx: Context
    ) -> CallResult:
        request = CallRequest(self._name, arguments, extras=ctx.extras)
        tasks = self._only_as_task
        if ctx.task is not None:
            tasks = True
            request.task = TaskOptions() if self._takes_tasks else None
        try:
            manner = self._manner(line, tasks)
            answer = await line.ask("tools/call", request, ctx, manner, logs=upstream.logs)
        except RemoteError as error:
            upstream.doubt(error)
            if tasks or not _needs_tasks(error):
                raise
            self._only_as_task = True
            manner = self._manner(line, True)
            answer = await line.ask("tools/call", request, ctx, manner, logs=upstream.logs)
        finally:
            upstream.answered(line)
        if type(answer) is CreateTaskResult:
            answer = await outcome(line, answer.task, ctx, number_of(request))
        if answer.handle is not None:
            answer = await with_value(line.session, answer)
        result: CallResult = answer
        return result

    def _manner(self, line: Line, tasks: bool) -> Manner:
        """How calls are sent on this line: worked out once for one that is shared."""
        session = line.session
        known = self._manners.get(tasks)
        if known is not None and known[0] is session:
            return known[1]
        manner = session.manner(
            repeatable=self._repeatable,
            timeout=self._sections.timeout,
            tasks=tasks,
            schema=self._schema,
            read=_result_of,
        )
        self._manners[tasks] = session, manner
        return manner


def _result_of(revision: Revision, method: Method, raw: Any) -> Any:
    """The result as it came, if that can be passed on."""
    codec = getattr(revision, "codec", None)
    result = None if codec is None else relayed(codec, raw)
    return method.decode_result(raw) if result is None else result


async def read(
    sections: RemoteSections, own: str, given: Mapping[str, Any], ctx: Context
) -> ReadResourceResult:
    """The contents of `own`, under the URI it was asked for by."""
    params = ReadResourceParams(own, extras=ctx.extras)
    result: ReadResourceResult = await _asked(sections, "resources/read", params, ctx)
    here = given["uri"]
    if here != own:
        result.contents = [
            evolve(each, uri=here) if each.uri == own else each for each in result.contents
        ]
    return result


async def get_prompt(
    sections: RemoteSections, name: str, arguments: dict[str, Any], ctx: Context
) -> Any:
    params = GetPromptParams(name, arguments, extras=ctx.extras)
    return await _asked(sections, "prompts/get", params, ctx)


async def complete(
    sections: RemoteSections, ref: Mapping[str, Any], given: dict[str, Any], ctx: Context
) -> Any:
    request: CompletionRequest = given["request"]
    params = evolve(request, ref={**request.ref, **ref}, meta=None)
    return await _asked(sections, "completion/complete", params, ctx)


async def _asked(sections: RemoteSections, operation: str, params: Any, ctx: Context) -> Any:
    upstream = sections.upstream(ctx)

    async def ask(ctx: Context) -> Any:
        async with upstream.line(ctx) as line:
            manner = line.session.manner(repeatable=True, timeout=sections.timeout)
            try:
                return await line.ask(operation, params, ctx, manner, logs=upstream.logs)
            finally:
                upstream.answered(line)

    return await upstream.held.through(ctx, ask)


async def run_kind(sections: RemoteSections, kind: str, given: dict[str, Any], ctx: Context) -> Any:
    """A task of a kind the upstream has, followed by the caller's own task."""
    payload = {name: value for name, value in given["payload"].items() if name != "task"}
    upstream = sections.upstream(ctx)
    async with upstream.line(ctx) as line:
        return await kind_outcome(line, kind, payload, ctx)


def _needs_tasks(error: RemoteError) -> bool:
    """Whether a server that decides what becomes a task refused a call for it."""
    data = error.data
    needed: Any = data.get("requiredCapabilities") if is_object(data) else None
    extensions: Any = needed.get("extensions") if is_object(needed) else None
    return is_object(extensions) and any(name.endswith("/tasks") for name in extensions)


def _fitting(result: CallResult, ctx: Context) -> CallResult:
    """Content goes on as it came. Where results may stay here as handles, text that only repeats
    the structured content is left to be made again for who needs it."""
    value = result.structured_content
    if value is not None and ctx.session.offers_handles and _repeats(result.content, value):
        return evolve(result, content=[], encoded=dumps(value))
    if result.content:
        result.carrier = "both"
    return result


def _repeats(content: list[Any], value: Any) -> bool:
    if not content:
        return True
    if len(content) > 1 or not isinstance(content[0], TextContent):
        return False
    try:
        return bool(loads(content[0].text.encode()) == value)
    except (ParseError, UnicodeEncodeError):
        return bool(content[0].text == value)


def _renamed(block: Any, names: Mapping[str, str]) -> Any:
    """A link to a resource that has another URI here."""
    if isinstance(block, ResourceLink) and block.uri in names:
        return evolve(block, uri=names[block.uri])
    if isinstance(block, EmbeddedResource) and block.resource.uri in names:
        return evolve(block, resource=evolve(block.resource, uri=names[block.resource.uri]))
    return block
