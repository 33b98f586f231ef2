"""A running task asks its client, and waits for whoever answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from attrs import evolve

from ...errors import ConnectionLost, MissingCapability, TaskCancelled
from ...model.peer import OfTask
from ..peer_shapes import elicitation_result, roots_result, sampling_result
from .questions import Question
from .running import RunningTask

SAMPLING = "sampling/createMessage"
ELICITATION = "elicitation/request"
ROOTS = "roots/list"


def read_answer(question: Question, response: Any) -> Any:
    """The result shape for a response as a hook would return it. Raises `InvalidParams`."""
    if question.operation == ELICITATION:
        return elicitation_result(response, question.params)
    return sampling_result(response) if question.operation == SAMPLING else roots_result(response)


async def ask(
    run: RunningTask,
    operation: str,
    params: Any,
    save: Callable[[], Awaitable[None]],
) -> Any:
    """Ask the connected client if it can be asked; otherwise, or when it goes away, leave the
    question open in the task's descriptor until `TaskEngine.answer` answers it.

    Raises `TaskCancelled` when the task ends first and nothing else cancels the caller.
    """
    if isinstance(params, OfTask):
        params = evolve(params, of_task=run.id)
    question = run.ask(operation, params, shown=not run.link.can_ask(operation))
    with anyio.CancelScope() as scope:
        run.enter_wait(scope)
        try:
            await save()
            return await _answer(run, question, save)
        finally:
            run.leave_wait(scope)
            run.settle(question)
            await save()
    raise TaskCancelled(run.id)


async def _answer(run: RunningTask, question: Question, save: Callable[[], Awaitable[None]]) -> Any:
    if not question.shown:
        try:
            return await run.link.ask(question.operation, question.params)
        except (ConnectionLost, MissingCapability):
            run.show(question)
            await save()
    await question.answered.wait()
    return question.response
