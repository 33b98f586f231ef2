"""Running a pipeline and saying what became of it."""

from __future__ import annotations

import anyio
from zcp_kernel.context import Context
from zcp_kernel.errors import InvalidParams, ZCPError
from zcp_kernel.handles import kept
from zcp_kernel.jsontext import dumps, is_list, is_object
from zcp_kernel.model import (
    CallError,
    CallResult,
    HandleRef,
    PipelineParams,
    PipelineResult,
    StepReport,
    TextContent,
)

from ..references import STEP
from ..section import NativeSection
from .checking import check
from .running import Run, value_of


async def run_pipeline(params: PipelineParams, ctx: Context) -> PipelineResult:
    """`tools/pipeline`. A large result is kept as a handle, as a single call's would be; the scopes
    of every step's tool are needed to read it."""
    run, result = await _run(params, ctx)
    limit: int = ctx.kernel.config.section("tools").inline_max_bytes
    value = value_of(result)
    if result.is_error or not ctx.session.offers_handles or len(value) <= limit:
        return result
    scopes = dict.fromkeys(scope for needed in run.scopes.values() for scope in needed)
    placed = await kept(value, result, ctx, tuple(scopes))
    if placed is None:
        return result
    return PipelineResult(handle=placed.handle, preview=placed.preview)


async def as_tool_result(params: PipelineParams, ctx: Context) -> CallResult:
    """The same as the result of a tool: on failure it says step by step what became of each."""
    _, result = await _run(params, ctx)
    if result.steps is None:
        return CallResult(
            result.content, result.structured_content, encoded=result.encoded, meta=result.meta
        )
    lines = [block.text for block in result.content if isinstance(block, TextContent)]
    for report in result.steps:
        kept_as = report.handle and (report.handle.alias or report.handle.id)
        lines.append(f"{report.id}: {report.status}" + (f", kept as {kept_as}" if kept_as else ""))
    return CallResult([TextContent("\n".join(lines))], is_error=True)


async def _run(params: PipelineParams, ctx: Context) -> tuple[Run, PipelineResult]:
    """The result whole. Raises for a pipeline that cannot run, before anything is run."""
    if ctx.whole:
        raise InvalidParams("invalid:pipeline: a pipeline within a pipeline")
    settings: NativeSection = ctx.kernel.config.section(NativeSection)
    run = Run(ctx, check(params, ctx, settings.pipeline_steps), settings.pipeline_bytes)
    deadline = anyio.current_time() + settings.pipeline_timeout
    for number, step in enumerate(params.steps):
        error = await run.step(step, deadline - anyio.current_time())
        if error is not None:
            said = f"step {step.id} ({step.tool}) failed: {error.message}"
            return run, await _failed(params, run, number, error, said)
        await ctx.report_progress(number + 1, len(params.steps), step.id)
    try:
        return run, _done(params, run)
    except ZCPError as error:
        said = f"every step was done, but not what is to be returned: {error.message}"
        return run, await _failed(params, run, len(params.steps), None, said)


def _done(params: PipelineParams, run: Run) -> PipelineResult:
    returns = params.returns
    if is_object(returns):
        value = run.value(returns)
    elif is_list(returns):
        value = {name: run.value({STEP: name}) for name in returns}
    else:
        result = run.results[params.steps[-1].id if returns is None else returns]
        return PipelineResult(
            result.content, result.structured_content, encoded=result.encoded, meta=result.meta
        )
    return PipelineResult([], value, encoded=dumps(value))


async def _failed(
    params: PipelineParams, run: Run, at: int, error: CallError | None, said: str
) -> PipelineResult:
    """What was done is kept as handles, where the caller can use them; nothing after `at` ran."""
    reports: list[StepReport] = []
    for number, step in enumerate(params.steps):
        if number < at:
            reports.append(StepReport(step.id, "done", handle=await _saved(step.id, run)))
        elif number == at:
            reports.append(StepReport(step.id, "failed", error))
        else:
            reports.append(StepReport(step.id, "skipped"))
    return PipelineResult([TextContent(said)], is_error=True, steps=reports)


async def _saved(step: str, run: Run) -> HandleRef | None:
    if not run.ctx.session.offers_handles:
        return None
    placed = await kept(run.values[step], CallResult(), run.ctx, run.scopes[step])
    return None if placed is None else placed.handle
