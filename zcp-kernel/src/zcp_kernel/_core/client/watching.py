"""Following a task: what its server tells unasked, and asking when it tells nothing."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any

import anyio

from ...errors import InputRequired, InvalidParams, MissingCapability, RemoteError, ZCPError
from ...model import TERMINAL, TaskDescriptor, UpdateTaskParams
from .calling.rounds import answered, asked
from .session import SessionCore

log = logging.getLogger("zcp.client")

UPDATE_TASK = "mcp/tasks/update"

POLL_MS = 1000
"""How often a task is asked about whose server names no interval."""

LEAST_MS, MOST_MS = 20, 60_000
"""Bounds of what a server may name."""


class _Ear:
    """The last notice of one task, until it is taken."""

    def __init__(self) -> None:
        self._notice: TaskDescriptor | None = None
        self._came = anyio.Event()

    def hear(self, notice: TaskDescriptor) -> None:
        self._notice = notice
        self._came.set()

    def take(self) -> TaskDescriptor | None:
        notice, self._notice = self._notice, None
        return notice

    async def wait(self, seconds: float) -> None:
        if self._notice is None:
            self._came = anyio.Event()
            with anyio.move_on_after(seconds):
                await self._came.wait()


class Watching(SessionCore):
    """Tasks as a stream of their changes."""

    async def fetch_task(self, task_id: str) -> TaskDescriptor:
        raise NotImplementedError

    async def changes(
        self, task_id: str, *, demanding: bool = False
    ) -> AsyncGenerator[TaskDescriptor]:
        """The task as it stands, again whenever it changed, and last as it ended.

        What it asks in its own shape is answered by the hooks; `demanding`, what none of them
        answers is `InputRequired`.
        """
        known: set[str] = set()
        last: Any = None
        with self._listening_to(task_id) as ear:
            task = await self.fetch_task(task_id)
            while True:
                if (seen := _standing(task)) != last:
                    last = seen
                    yield task
                if task.status in TERMINAL:
                    return
                if task.status == "input_required":
                    await self._provide(task, known, demanding=demanding)
                await ear.wait(_seconds(task))
                newer = ear.take() or await self.fetch_task(task_id)
                task = task if _older(newer, task) else newer

    @contextmanager
    def _listening_to(self, task_id: str) -> Generator[_Ear]:
        ear = _Ear()
        ears = self._task_ears.setdefault(task_id, [])
        ears.append(ear.hear)
        self._tune()
        try:
            yield ear
        finally:
            ears.remove(ear.hear)
            if not ears:
                self._task_ears.pop(task_id, None)
                self._tune()

    def _tune(self) -> None:
        """Have a server without sessions tell of the tasks that are followed now."""
        link, listener = self._link, self._listener
        if link is not None and link.revision.stateless and listener is not None:
            link.connection.spawn(self._tuned, name="zcp.client.tune")

    async def _tuned(self) -> None:
        try:
            await self._follow()
        except ZCPError as error:
            log.debug("tasks are asked about only: %s", error)

    async def _provide(self, task: TaskDescriptor, known: set[str], *, demanding: bool) -> None:
        """Answer what the task asks, each question once."""
        revision = (await self._ready()).revision
        open_requests: dict[str, Any] = task.input_requests or {}
        if not revision.stateless:
            # Where there is a session the server asks in it.
            return
        for key, raw in open_requests.items():
            if key in known:
                continue
            try:
                response = await answered({key: asked(revision, raw)}, revision, self._hooks)
            except MissingCapability as error:
                if not demanding:
                    continue
                raise InputRequired(
                    f"task {task.task_id} needs {error.capability} of this client, which has no "
                    f"hook for it: answer_task() answers it",
                    open_requests,
                ) from error
            except InvalidParams as error:
                log.warning("a question of task %s cannot be read: %s", task.task_id, error)
                continue
            known.add(key)
            try:
                params = UpdateTaskParams(task.task_id, response)
                await self.ask(UPDATE_TASK, params, tasks=True)
            except RemoteError as error:
                log.warning("task %s did not take an answer: %s", task.task_id, error)


def _standing(task: TaskDescriptor) -> Any:
    """What makes two states of a task differ for who follows it."""
    return (task.status, task.status_message, sorted(task.input_requests or ()))


def _older(this: TaskDescriptor, other: TaskDescriptor) -> bool:
    """Whether `this` was overtaken: notices and answers come by different ways. Times are ISO 8601,
    so those of one form compare as strings."""
    mine, yours = this.last_updated_at, other.last_updated_at
    return len(mine) == len(yours) and mine < yours


def _seconds(task: TaskDescriptor) -> float:
    wanted = POLL_MS if task.poll_interval is None else task.poll_interval
    return min(max(wanted, LEAST_MS), MOST_MS) / 1000
