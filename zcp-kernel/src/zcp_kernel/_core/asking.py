"""Questions a server puts to its client, and how they fail: with one cause."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import evolve, frozen

from ..model import Capabilities, Described, ElicitationRequest, Empty, SamplingRequest
from .peer_shapes import elicitation_request, sampling_request

if TYPE_CHECKING:
    from ..context import Context

CAPABILITY_OF = {
    "sampling/createMessage": "sampling",
    "elicitation/request": "elicitation",
    "roots/list": "roots",
}
"""The capability a client declares for each operation it may be asked."""


@frozen
class Question:
    """An operation of the client's and its parameters."""

    operation: str
    params: SamplingRequest | ElicitationRequest | Empty


def sampling(messages: Any, **options: Any) -> Question:
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping):
        return Question("sampling/createMessage", sampling_request(messages, **options))
    return Question("sampling/createMessage", sampling_request(messages=messages, **options))


def elicitation(
    message: str | Mapping[str, Any] | ElicitationRequest,
    schema: Mapping[str, Any] | None = None,
    *,
    url: str | None = None,
) -> Question:
    if isinstance(message, str):
        given: dict[str, Any] = {"message": message}
        if url is not None:
            given.update(mode="url", url=url)
        else:
            given["requested_schema"] = dict(schema or {"type": "object", "properties": {}})
        return Question("elicitation/request", elicitation_request(given))
    return Question("elicitation/request", elicitation_request(message))


def roots() -> Question:
    return Question("roots/list", Empty())


def lacking(operation: str, params: Any, capabilities: Capabilities) -> str | None:
    """The capability a client would need for this question and does not declare, dotted below its
    first level; None when it can be asked.

    An elicitation capability without modes is that of forms (MCP 2025-11-25, client/elicitation).
    """
    name = CAPABILITY_OF.get(operation, operation)
    declared: dict[str, Any] | None = getattr(capabilities, name, None)
    if declared is None:
        return name
    if isinstance(params, ElicitationRequest):
        mode = "form" if params.url is None else "url"
        if mode not in declared and (mode == "url" or "url" in declared):
            return f"{name}.{mode}"
    if isinstance(params, SamplingRequest) and params.tools and "tools" not in declared:
        return f"{name}.tools"
    return None


CALL_META = "zcp/call"
"""In `_meta` of a call: the number a client gave it. It comes back in what the call has the server
ask and log, so that a client with many callers knows whose that is."""

D = TypeVar("D", bound=Described)


def of_call(shape: D, meta: Mapping[str, Any] | None) -> D:
    """`shape`, marked with the call of this `_meta` if the client numbered it."""
    if meta is None or CALL_META not in meta:
        return shape
    return evolve(shape, meta={**(shape.meta or {}), CALL_META: meta[CALL_META]})


async def put_to_client(question: Question, ctx: Context) -> Any:
    """Ask the client whose call `ctx` is, and wait for its answer."""
    said = of_call(question.params, ctx.meta)
    return await ctx.session.ask(question.operation, said, ctx.related)


@contextmanager
def single_cause() -> Generator[None, None, None]:
    """Raise the first real error of an exception group instead of the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _first(group) from group


def _first(error: BaseException) -> BaseException:
    """The first error of a group, however deep."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error
