"""A task in the process that runs it.

Rules of this file:
- Nothing here waits: every change takes effect at once, on the event loop, and is notified at once.
  The store follows (`dirty` until it has); whoever reads a running task reads it here.
- The status is derived: a task with an open question is `input_required`, whatever its handler
  declared.
- After the end nothing changes any more, however long the body goes on.
"""

from __future__ import annotations

import logging
from typing import Any

import anyio
from attrs import evolve

from ...contracts import TaskRecord
from ...errors import TaskCancelled
from ...model import TERMINAL, TaskDescriptor, TaskStatus
from ..clock import Clock
from .link import TaskLink
from .questions import Question, Questions
from .states import TRANSITIONS, timestamp

log = logging.getLogger("zcp.tasks")


class RunningTask:
    """One unfinished task: its record as it now stands, and what steers it.

    `scope` surrounds its body; `settled` is set once its end is stored, or it has vanished.
    """

    def __init__(self, record: TaskRecord, link: TaskLink, clock: Clock) -> None:
        self.record = record
        self.link = link
        self.questions = Questions()
        self.scope = anyio.CancelScope()
        self.settled = anyio.Event()
        self.storing = anyio.Lock()
        self.dirty = False
        self.ended = False
        self.vanished = False
        self.resumable = False
        self.created = clock.now()
        self._clock = clock
        self._declared: TaskStatus = record.descriptor.status
        self._waits: set[anyio.CancelScope] = set()

    @property
    def id(self) -> str:
        return self.record.descriptor.task_id

    def declare(self, status: TaskStatus, message: str | None = None) -> None:
        """What the handler says it is doing; a message of None leaves the last one."""
        if not self.ended:
            self._declared = status
            self._change(message)

    def ask(self, operation: str, params: Any, *, shown: bool) -> Question:
        """Open a question. Raises `TaskCancelled` after the end."""
        if self.ended:
            raise TaskCancelled(self.id)
        question = self.questions.add(operation, params, shown=shown)
        self._change()
        return question

    def show(self, question: Question) -> None:
        """Let anybody who owns the task answer a question its client did not."""
        question.shown = True
        self._change()

    def settle(self, question: Question) -> None:
        """The question is closed, answered or not."""
        self.questions.remove(question)
        self._change()

    def enter_wait(self, scope: anyio.CancelScope) -> None:
        """`scope` surrounds a wait that the end of the task ends too: a wait on behalf of a worker
        thread is outside the body's own scope."""
        self._waits.add(scope)

    def leave_wait(self, scope: anyio.CancelScope) -> None:
        self._waits.discard(scope)

    def end(self, status: TaskStatus, outcome: bytes, message: str | None = None) -> bool:
        """End the task; whether it had not ended before. What still runs is cancelled."""
        if self.ended:
            return False
        self.questions.clear()
        self.record = evolve(self.record, outcome=outcome)
        self._declared = status
        self._change(message)
        self._close()
        return True

    def adopt(self, record: TaskRecord) -> None:
        """Another process ended this task: take its word."""
        if not self.ended:
            self.questions.clear()
            self.record = record
            self._close()
            self._notify()

    def vanish(self) -> None:
        """The task expired or was removed: nobody can ask for it any more."""
        self.vanished = True
        self.settled.set()
        if not self.ended:
            self._close()

    def _close(self) -> None:
        self.ended = True
        self.scope.cancel()
        for scope in self._waits:
            scope.cancel()

    def _change(self, message: str | None = None) -> None:
        old = self.record.descriptor
        status = "input_required" if self.questions else self._declared
        if self.ended or (status != old.status and status not in TRANSITIONS[old.status]):
            return
        new = evolve(
            old,
            status=status,
            status_message=old.status_message if message is None else message,
            input_requests=self.questions.shown(),
        )
        if new == old:
            return
        new.last_updated_at = max(old.last_updated_at, timestamp(self._clock.now()))
        self.record = evolve(self.record, descriptor=new)
        self.dirty = True
        self._notify()

    def _notify(self) -> None:
        try:
            self.link.notify(copy_descriptor(self.record.descriptor))
        except Exception:
            log.exception("task %s: its status could not be notified", self.id)


def copy_descriptor(descriptor: TaskDescriptor) -> TaskDescriptor:
    """A descriptor its receiver may change."""
    requests = descriptor.input_requests
    return evolve(descriptor, input_requests=None if requests is None else dict(requests))


def has_ended(record: TaskRecord) -> bool:
    return record.descriptor.status in TERMINAL
