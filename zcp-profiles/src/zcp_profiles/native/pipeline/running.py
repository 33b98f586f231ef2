"""One run of a pipeline: its steps in their order, what they gave, what is left of its limits."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from attrs import define, field
from zcp_kernel.codec import PLAIN
from zcp_kernel.context import Context
from zcp_kernel.errors import (
    DEADLINE_EXCEEDED,
    INTERNAL_ERROR,
    LimitReached,
    ToolError,
    ZCPError,
)
from zcp_kernel.handles import resolve_pointer
from zcp_kernel.jsontext import dumps, reload
from zcp_kernel.model import CallError, CallRequest, CallResult, PipelineStep, TextContent

from ..references import POINTER, STEP, replaced

logger = logging.getLogger("zcp.pipeline")


class NoAsking:
    """Where a client is asked by ending the call and having it retried: a retry would run the
    steps before the question once more, so there is no asking in a pipeline."""

    async def ask(self, questions: Mapping[str, Any], *, declared: bool = False) -> dict[str, Any]:
        raise ToolError("invalid: the tool asks its user something: call it by itself")

    def key_for(self, question: Any) -> str:
        return str(question.operation)

    async def once(self, key: str, function: Callable[[], Awaitable[Any]]) -> Any:
        return await function()


@define(eq=False)
class Run:
    """`results` and `values` (as JSON) are by step, and so are the `scopes` a reader of them needs;
    `left` is in bytes."""

    ctx: Context
    scopes: Mapping[str, tuple[str, ...]]
    left: int
    results: dict[str, CallResult] = field(factory=dict[str, CallResult])
    values: dict[str, bytes] = field(factory=dict[str, bytes])

    async def step(self, step: PipelineStep, seconds: float) -> CallError | None:
        """Run one step; what went wrong, None if it is done."""
        try:
            with anyio.move_on_after(seconds) as scope:
                await self._call(step)
            if scope.cancelled_caught:
                return CallError(DEADLINE_EXCEEDED, "deadline: the pipeline took too long")
        except ZCPError as error:
            return CallError(error.code, error.message, error.data)
        except Exception:
            logger.exception("step %s of a pipeline failed", step.id)
            return CallError(INTERNAL_ERROR, "internal error; the server's log has the cause")
        return None

    async def _call(self, step: PipelineStep) -> None:
        arguments = await replaced(step.arguments or {}, STEP, self._resolve)
        ctx = self.ctx.within()
        if ctx.asker is not None:
            ctx.asker = NoAsking()
        result = await ctx.kernel.execute("tools/call", CallRequest(step.tool, arguments), ctx)
        if not isinstance(result, CallResult):
            raise ToolError(f"invalid: {step.tool} became a task: call it by itself")
        if result.is_error:
            raise ToolError(_text(result) or f"{step.tool} failed")
        value = value_of(result)
        self._take(len(value))
        self.results[step.id], self.values[step.id] = result, value

    async def _resolve(self, reference: dict[str, Any]) -> Any:
        return self.value(reference)

    def value(self, reference: Mapping[str, Any]) -> Any:
        """What `{"$step": id, "pointer"?}` stands for, for whom it may be changed by."""
        text = self.values[reference[STEP]]
        if reference.get(POINTER):
            text = dumps(resolve_pointer(reload(text), reference[POINTER]))
        self._take(len(text))
        return reload(text)

    def _take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise LimitReached("invalid: the results of the pipeline are too large together")


def value_of(result: CallResult) -> bytes:
    """The value of a result as JSON: what is structured; else its text, if that is all; else its
    blocks; null for nothing."""
    if result.encoded is not None:
        return result.encoded
    if result.structured_content is not None:
        return dumps(result.structured_content)
    if not result.content:
        return b"null"
    if len(result.content) == 1 and isinstance(result.content[0], TextContent):
        return dumps(result.content[0].text)
    return dumps([PLAIN.encode(block) for block in result.content])


def _text(result: CallResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))
