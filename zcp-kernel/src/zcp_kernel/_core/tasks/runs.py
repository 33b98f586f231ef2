"""The tasks this process runs: their bodies, attempt by attempt, to their end."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
from attrs import evolve, frozen

from ...contracts import TaskRecord, TaskStore
from ...errors import NotFound
from ..clock import Clock
from ..expiry import Spawn
from . import outcome as outcomes
from .asking import read_answer
from .context import TaskExecutionContext
from .link import TaskLink
from .policy import ONCE, TaskPolicy
from .running import RunningTask
from .saving import save
from .slots import Slots

log = logging.getLogger("zcp.tasks")

AGAIN_SECONDS = 0.5
"""Until a store that failed is tried again."""

Body = Callable[[TaskExecutionContext], Awaitable[Any]]
"""What a task does; it returns a JSON value."""


@frozen
class Work:
    """What is to be done for a task, and how."""

    body: Body
    policy: TaskPolicy = ONCE


class Runs:
    """`running` has every task of this process that has not ended, waiting ones included."""

    def __init__(
        self,
        store: TaskStore,
        spawn: Spawn,
        clock: Clock,
        *,
        mask_errors: bool,
        max_result_bytes: int,
        survives: bool,
    ) -> None:
        self.running: dict[str, RunningTask] = {}
        self.slots = Slots()
        self.store = store
        self._spawn = spawn
        self._clock = clock
        self._mask_errors = mask_errors
        self._max_result_bytes = max_result_bytes
        self._survives = survives

    def start(self, run: RunningTask, work: Work) -> None:
        """Run a task, as soon as its kind has room."""
        self.running[run.id] = run
        kind = run.record.descriptor.kind
        self.slots.take(kind, work.policy, lambda: self._spawn(partial(self._run, run, work)))

    def taken(self, record: TaskRecord, link: TaskLink) -> RunningTask:
        """A task another process began."""
        return RunningTask(record, link, self._clock)

    async def answer(self, run: RunningTask, key: str, response: Any) -> None:
        """Answer its open request `key`. Raises `NotFound`, `InvalidParams`."""
        question = run.questions.find(key)
        if question is None:
            raise NotFound("input request", key)
        question.response = read_answer(question, response)
        run.settle(question)
        question.answered.set()
        await save(self.store, run)

    async def refresh(self, run: RunningTask) -> None:
        """Another process wrote: take in what it did."""
        run.dirty = True
        await save(self.store, run)

    async def close(self, run: RunningTask) -> None:
        """Store its end, and let those who wait for it go on."""
        try:
            await save(self.store, run)
        finally:
            run.settled.set()
            if self.running.get(run.id) is run:
                del self.running[run.id]

    async def _run(self, run: RunningTask, work: Work) -> None:
        try:
            with run.scope:
                await self._attempts(run, work)
        finally:
            if self._survives and not run.ended and run.resumable:
                # The server stops: another process finds it as it was, and goes on.
                run.vanish()
            # Still going: the server stops, or a body raised what is no error (SystemExit).
            run.end("cancelled", outcomes.cancellation(run.id), "the task was interrupted")
            self.slots.give_back(run.record.descriptor.kind)
            await self.close(run)

    async def _attempts(self, run: RunningTask, work: Work) -> None:
        if run.ended:
            return
        run.resumable = work.policy.resumable
        if not await self._begin(run):
            return
        while not await self._attempt(run, work):
            attempt = run.record.attempt
            pause = work.policy.pause(attempt)
            run.record = evolve(run.record, attempt=attempt + 1)
            run.declare("working", f"attempt {attempt} failed, another follows in {pause:.1f} s")
            await save(self.store, run)
            await self._clock.wait(anyio.Event(), pause)

    async def _begin(self, run: RunningTask) -> bool:
        """Whether it may begin. What begins and is not known to have begun, another process would
        begin as well; what another has taken, or ended, is no longer ours to begin."""
        run.declare("working")
        await save(self.store, run)
        if not self._survives:
            return True
        while run.dirty and not run.ended:
            await self._clock.wait(anyio.Event(), AGAIN_SECONDS)
            await save(self.store, run)
        return not run.ended

    async def _attempt(self, run: RunningTask, work: Work) -> bool:
        """Whether that was the last attempt."""
        message = None
        try:
            value = await work.body(self._context(run))
            status, outcome = outcomes.success(run.record.operation, value, self._max_result_bytes)
        except Exception as error:
            if run.ended:
                log.info("task %s raised after it had ended", run.id, exc_info=error)
                return True
            if self._goes_on(run, work.policy):
                log.warning("task %s: attempt %d", run.id, run.record.attempt, exc_info=error)
                return False
            label = f"{run.id} ({run.record.descriptor.kind})"
            message, outcome = outcomes.failure(error, task=label, mask=self._mask_errors)
            status = "failed"
        run.end(status, outcome, message)
        return True

    def _goes_on(self, run: RunningTask, policy: TaskPolicy) -> bool:
        if run.record.attempt >= policy.attempts:
            return False
        return policy.deadline is None or self._clock.now() < run.created + policy.deadline

    def _context(self, run: RunningTask) -> TaskExecutionContext:
        write = partial(save, self.store, run)
        return TaskExecutionContext(run, write, partial(self._spawn, write))
