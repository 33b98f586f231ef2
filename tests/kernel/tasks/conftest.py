"""A task engine with everything around it in a test's hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from attrs import define, field
from zcp_kernel._core.configuration.sections import TasksSection
from zcp_kernel.contracts import TaskStore
from zcp_kernel.model import TaskDescriptor, TaskOptions
from zcp_kernel.tasks import MemoryTaskStore, TaskEngine, TaskExecutionContext
from zcp_kernel.testing.clock import FakeClock

Body = Callable[[TaskExecutionContext], Awaitable[Any]]


@define
class RecordingLink:
    """A client that answers what it has answers for, and remembers what it was told."""

    answers: dict[str, Callable[[Any], Awaitable[Any]]] = field(factory=dict)
    notices: list[TaskDescriptor] = field(factory=list)
    broken: Exception | None = None
    changed: anyio.Event = field(factory=anyio.Event)

    def notify(self, descriptor: TaskDescriptor) -> None:
        if self.broken is not None:
            raise self.broken
        self.notices.append(descriptor)
        self.changed.set()
        self.changed = anyio.Event()

    def can_ask(self, operation: str) -> bool:
        return operation in self.answers

    async def ask(self, operation: str, params: Any) -> Any:
        return await self.answers[operation](params)

    @property
    def statuses(self) -> list[str]:
        return [notice.status for notice in self.notices]


@define
class Bench:
    """A running engine, its store and clock, and a link for the tasks started here."""

    engine: TaskEngine
    store: TaskStore
    clock: FakeClock
    link: RecordingLink

    async def start(self, body: Body, owner: str = "me", **more: Any) -> str:
        """Start a task and return its id."""
        options = TaskOptions(ttl=more.pop("ttl", None))
        created = await self.engine.create(
            more.pop("kind", "demo"),
            more.pop("input", {"a": 1}),
            owner=owner,
            options=options,
            body=body,
            link=self.link,
            **more,
        )
        return created.task_id

    async def until(self, task_id: str, status: str) -> TaskDescriptor:
        """Wait until my task has this status."""
        return await self._until(task_id, lambda task: task.status == status)

    async def asked(self, task_id: str, count: int = 1) -> dict[str, Any]:
        """Wait until my task has this many open requests; the requests by their keys."""
        task = await self._until(task_id, lambda task: len(task.input_requests or ()) == count)
        return task.input_requests or {}

    async def _until(self, task_id: str, holds: Callable[[TaskDescriptor], bool]) -> TaskDescriptor:
        with anyio.fail_after(10):
            while not holds(task := await self.engine.get(task_id, "me")):
                await self.link.changed.wait()
        return task


@asynccontextmanager
async def _bench(
    settings: TasksSection | None = None, store: TaskStore | None = None, **more: Any
) -> AsyncIterator[Bench]:
    kept = store or MemoryTaskStore()
    clock = FakeClock()
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:

            def spawn(work: Callable[[], Awaitable[None]]) -> None:
                async def run() -> None:
                    await work()

                group.start_soon(run)

            engine = TaskEngine(kept, settings or TasksSection(), spawn, clock=clock, **more)
            yield Bench(engine, kept, clock, RecordingLink())
            group.cancel_scope.cancel()


@pytest.fixture
def bench() -> Callable[..., Any]:
    """`async with bench(settings, store, …) as b`: a running engine."""
    return _bench
