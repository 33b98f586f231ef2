"""The one task engine behind every dialect's view of tasks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import anyio
from attrs import evolve

from ... import jsontext
from ...contracts import Bus, SharedTaskStore, TaskRecord, TaskStore
from ...errors import (
    Expired,
    Fault,
    InvalidParams,
    InvalidRequest,
    LimitReached,
    NotFound,
)
from ...ids import new_id
from ...model import TaskDescriptor, TaskOptions
from ..clock import SYSTEM_CLOCK, Clock
from ..configuration.sections import TasksSection
from ..expiry import ExpiryTimer, Spawn
from . import outcome as outcomes
from .leases import Leases
from .link import Nobody, TaskLink
from .news import News
from .policy import ONCE, TaskPolicy
from .running import RunningTask, copy_descriptor, has_ended
from .runs import Body, Runs, Work
from .sharing import Resume, Sharing
from .states import timestamp
from .watching import WatchedLink, Watcher, Watchers

MAX_RESULT_BYTES = 16 * 1024 * 1024


class TaskEngine:
    """Starts tasks, keeps them until they expire, and lets their owners follow and steer them.

    `spawn` starts a coroutine in the background. A task of another owner does not exist: every
    method that takes a task id and an owner raises `NotFound`. The owner "" stands for nobody in
    particular: whoever knows an id may use it, and nothing is listed.
    """

    def __init__(
        self,
        store: TaskStore,
        settings: TasksSection,
        spawn: Spawn,
        *,
        mask_errors: bool = False,
        max_result_bytes: int = MAX_RESULT_BYTES,
        clock: Clock = SYSTEM_CLOCK,
        bus: Bus | None = None,
        resume: Resume | None = None,
        kinds: Callable[[], dict[str, TaskPolicy]] = dict,
    ) -> None:
        """`resume` and `kinds`, the policies by kind, are for a store that several processes share;
        `bus` is how they hear of each other."""
        self.store = store
        self.settings = settings
        self._clock = clock
        self._watchers = Watchers()
        shared = isinstance(store, SharedTaskStore)
        self._runs = Runs(
            store,
            spawn,
            clock,
            mask_errors=mask_errors,
            max_result_bytes=max_result_bytes,
            survives=shared,
        )
        self._sharing: Sharing | None = None
        if isinstance(store, SharedTaskStore):
            leases = Leases(store, settings.lease_seconds, clock)
            news = None if bus is None else News(bus, spawn)
            self._sharing = Sharing(self._runs, self._watchers, leases, news, resume, kinds)
        self._expiry = ExpiryTimer(self._sweep, spawn, clock)

    async def create(
        self,
        kind: str,
        input: Any,
        *,
        owner: str,
        options: TaskOptions | None,
        body: Body,
        link: TaskLink,
        operation: str = "tasks/create",
        policy: TaskPolicy = ONCE,
        caller: Any = None,
    ) -> TaskDescriptor:
        """Start a task and return it, `queued`.

        `operation` is what created it: the result of `"tools/call"` is that of a tool call, and one
        with `isError` counts as failed. `caller` is the JSON of who asked, for a process that takes
        the task over. Raises `InvalidParams` for options that make no sense, `LimitReached` when
        the owner has too many unfinished tasks or the store is full.
        """
        record = self._new_record(kind, input, owner, options or TaskOptions(), operation)
        limit = self.settings.max_per_owner
        if await self.store.trim(owner, limit - 1) >= limit:
            raise LimitReached(f"invalid: this caller already has {limit} unfinished tasks")
        record = evolve(record, priority=policy.priority, caller=jsontext.dumps(caller))
        watched = WatchedLink(link, self._watchers)
        here = self._sharing is None or self._runs.slots.free(kind, policy)
        if here and self._sharing is not None:
            record = evolve(record, holder=self._sharing.holder)
        # A caller who leaves as it is stored must not leave a task behind that nobody starts.
        with anyio.CancelScope(shield=True):
            await self.store.create(record)
            self._expiry.schedule(record.expires_at)
            if here:
                self._runs.start(RunningTask(record, watched, self._clock), Work(body, policy))
            elif self._sharing is not None:
                self._sharing.leave(record, watched)
        return copy_descriptor(record.descriptor)

    async def get(self, task_id: str, owner: str) -> TaskDescriptor:
        """The task as it now stands."""
        return copy_descriptor((await self._find(task_id, owner)).descriptor)

    async def record(self, task_id: str, owner: str) -> TaskRecord:
        """The task as it now stands, with its outcome if it has ended."""
        return await self._find(task_id, owner)

    def watching(self, task_id: str, watcher: Watcher) -> AbstractContextManager[None]:
        """While the context is open `watcher` is called, with its id, when the task changes: on the
        event loop, and for changes made in this process."""
        return self._watchers.watching(task_id, watcher)

    async def list(
        self, owner: str, cursor: str | None = None, limit: int = 100
    ) -> tuple[list[TaskDescriptor], str | None]:
        """One page of an owner's tasks, oldest first, and the next cursor (None: the last).

        Raises `InvalidParams` for a cursor that was never handed out.
        """
        if not owner:
            return [], None
        try:
            records, next_cursor = await self.store.list(owner, cursor, limit)
        except ValueError as error:
            raise InvalidParams(
                f"invalid: {error}", [Fault("cursor", "cursor", str(error))]
            ) from None
        current = [self._current(record) for record in records]
        return [copy_descriptor(r.descriptor) for r in current if self._alive(r)], next_cursor

    async def ended(self, task_id: str, owner: str) -> TaskRecord:
        """Wait for the task's end; its record then. Raises `Expired` if it expires before that."""
        record = await self._find(task_id, owner)
        while record.outcome is None:
            run = self._runs.running.get(task_id)
            if run is not None:
                await run.settled.wait()
                if not run.vanished:
                    return run.record
                if await self.store.get(task_id) is None:
                    raise Expired(task_id)
            # It runs in another process that shares the store.
            await anyio.sleep((record.descriptor.poll_interval or 500) / 1000)
            record = await self._find(task_id, owner)
        return record

    async def result(self, task_id: str, owner: str) -> dict[str, Any]:
        """Wait for the task's end; `{"result": …}` or `{"error": {code, message, data?}}`.

        Waits as long as it takes: the caller bounds it. Raises `Expired` if the task expires first.
        """
        record = await self.ended(task_id, owner)
        outcome: dict[str, Any] = jsontext.loads(record.outcome or b"{}")
        return outcome

    async def cancel(self, task_id: str, owner: str) -> TaskDescriptor:
        """Cancel a task: it ends now, its body is cancelled at its next `await`; if another process
        runs it, when it next reports a change.

        Raises `InvalidParams` if it has ended already (MCP 2025-11-25, "Task Cancellation").
        """
        record = self._unfinished(await self._find(task_id, owner))
        run = self._runs.running.get(task_id) or self._elsewhere(record)
        run.end("cancelled", outcomes.cancellation(task_id), "the task was cancelled")
        await self._runs.close(run)
        return copy_descriptor(run.record.descriptor)

    async def answer(self, task_id: str, owner: str, key: str, response: Any) -> TaskDescriptor:
        """Answer the open request `key` in the shape a client's hook would return.

        Raises `NotFound` if no such request is open, `InvalidParams` if the response does not fit
        it (it stays open) or the task has ended.
        """
        record = self._unfinished(await self._find(task_id, owner))
        run = self._runs.running.get(task_id)
        if run is not None:
            await self._runs.answer(run, key, response)
            return copy_descriptor(run.record.descriptor)
        if key not in (record.descriptor.input_requests or {}):
            raise NotFound("input request", key)
        if self._sharing is None or not self._sharing.pass_on(task_id, key, response):
            raise InvalidRequest("invalid: the process that runs this task must take the answer")
        return copy_descriptor(record.descriptor)

    # -- looking up -------------------------------------------------------------------------------

    async def _find(self, task_id: str, owner: str) -> TaskRecord:
        run = self._runs.running.get(task_id)
        record = run.record if run is not None else await self.store.get(task_id)
        if record is None or record.owner != owner or not self._alive(record):
            raise NotFound("task", task_id)
        return record

    def _current(self, record: TaskRecord) -> TaskRecord:
        run = self._runs.running.get(record.descriptor.task_id)
        return record if run is None else run.record

    def _alive(self, record: TaskRecord) -> bool:
        return record.expires_at is None or record.expires_at > self._clock.now()

    def _unfinished(self, record: TaskRecord) -> TaskRecord:
        if has_ended(record):
            task = record.descriptor
            raise InvalidParams(f"invalid: task {task.task_id} has already ended: {task.status}")
        return record

    def _elsewhere(self, record: TaskRecord) -> RunningTask:
        """A task that another process runs, to be ended from here."""
        link: TaskLink = WatchedLink(Nobody(), self._watchers)
        if self._sharing is not None:
            link = self._sharing.link_of(record)
        return RunningTask(record, link, self._clock)

    # -- new ones, and those whose time is over ---------------------------------------------------

    def _new_record(
        self, kind: str, input: Any, owner: str, options: TaskOptions, operation: str
    ) -> TaskRecord:
        now = self._clock.now()
        ttl = self._ttl(_positive("ttl", options.ttl))
        interval = _positive("pollInterval", options.poll_interval)
        created = timestamp(now)
        descriptor = TaskDescriptor(
            task_id=new_id(),
            kind=kind,
            status="queued",
            created_at=created,
            last_updated_at=created,
            ttl=ttl,
            poll_interval=interval or self.settings.poll_interval_ms,
        )
        expires = now + ttl / 1000
        return TaskRecord(descriptor, owner, operation, jsontext.dumps(input), expires_at=expires)

    def _ttl(self, wanted: int | None) -> int:
        ttl = self.settings.default_ttl_ms if wanted is None else wanted
        return min(ttl, self.settings.max_ttl_ms)

    async def share(self) -> None:
        """Until cancelled: take over what processes that are gone left, and hear what others do.
        Returns at once where no other process shares the store."""
        if self._sharing is not None:
            await self._sharing.run()

    async def _sweep(self, now: float) -> float | None:
        for task_id in await self.store.expire(now):
            run = self._runs.running.pop(task_id, None)
            if run is not None:
                run.vanish()
        return await self.store.next_expiry()


def _positive(name: str, wish: int | None) -> int | None:
    if wish is not None and wish < 1:
        message = "must be at least 1 millisecond"
        raise InvalidParams(
            f"invalid: task.{name} {message}", [Fault(f"task.{name}", "minimum", message)]
        )
    return wish
