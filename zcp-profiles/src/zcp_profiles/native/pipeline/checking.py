"""A pipeline is refused before anything of it runs, or it can run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zcp_kernel.context import Context
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.jsontext import is_list, is_object
from zcp_kernel.model import PipelineParams, PipelineStep

from ..references import STEP, is_reference

LONGEST_ID = 64
TOOL = "run_pipeline"


def check(params: PipelineParams, ctx: Context, most_steps: int) -> dict[str, tuple[str, ...]]:
    """The scopes of each step's tool, by step. Raises `InvalidParams` with every fault; `NotFound`
    or `Forbidden` for a tool this caller cannot call."""
    faults = list(_faults(params, most_steps))
    for index, step in enumerate(params.steps):
        if step.tool == TOOL:
            faults.append(Fault(f"steps[{index}].tool", "nested", "a pipeline within a pipeline"))
    if faults:
        listed = "; ".join(f"{fault.path}: {fault.message}" for fault in faults)
        raise InvalidParams(f"invalid:pipeline: {listed}", faults)
    scopes: dict[str, tuple[str, ...]] = {}
    for step in params.steps:
        tool = ctx.kernel.executor.find(step.tool, ctx)
        if tool.task_support == "required":
            message = f"{step.tool} only runs as a task: call it by itself"
            raise InvalidParams(f"invalid:pipeline: {message}", [Fault(step.id, "task", message)])
        scopes[step.id] = tool.required_scopes
    return scopes


def _faults(params: PipelineParams, most_steps: int) -> Iterator[Fault]:
    steps = params.steps
    if not steps or len(steps) > most_steps:
        yield Fault("steps", "count", f"must be 1 to {most_steps} steps, not {len(steps)}")
        return
    done: set[str] = set()
    everything = {step.id for step in steps}
    for index, step in enumerate(steps):
        place = f"steps[{index}]"
        if not 0 < len(step.id) <= LONGEST_ID:
            yield Fault(f"{place}.id", "length", f"must have 1 to {LONGEST_ID} characters")
        if step.id in done:
            yield Fault(f"{place}.id", "unique", f"{step.id!r} is the id of an earlier step")
        for name in _steps_in(step):
            if name not in done:
                known = name in everything
                says = "runs later, or is this step: a loop" if known else "is no step"
                yield Fault(f"{place}.arguments", "reference", f"{name!r} {says}")
        done.add(step.id)
    yield from _returned(params.returns, everything)


def _steps_in(step: PipelineStep) -> Iterator[str]:
    pending: list[Any] = [step.arguments]
    while pending:
        value = pending.pop()
        if is_reference(value, STEP):
            yield value[STEP]
        elif is_object(value):
            pending.extend(value.values())
        elif is_list(value):
            pending.extend(value)


def _returned(returns: Any, known: set[str]) -> Iterator[Fault]:
    if returns is None:
        return
    names: list[Any] = returns if is_list(returns) else [returns]
    if is_object(returns) and is_reference(returns, STEP):
        names = [returns[STEP]]
    for name in names:
        if not isinstance(name, str):
            yield Fault("return", "type", 'a step\'s id, a list of ids, or {"$step", "pointer"?}')
        elif name not in known:
            yield Fault("return", "reference", f"{name!r} is no step")
