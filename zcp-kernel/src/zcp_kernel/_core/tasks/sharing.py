"""Tasks of a store that several processes share.

What nobody holds any more is taken over: begun anew where its kind allows that, ended as
interrupted where it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio

from ...contracts import TaskRecord
from . import outcome as outcomes
from .leases import Leases
from .link import Nobody, TaskLink
from .news import Elsewhere, News
from .policy import TaskPolicy
from .running import copy_descriptor, has_ended
from .runs import Runs, Work
from .watching import WatchedLink, Watchers

Resume = Callable[[TaskRecord], Work | None]
"""What is to be done for a task whose process is gone; None: nothing can be."""


class Sharing:
    """The tasks of this process among those of others. `news` None: nobody tells us anything."""

    def __init__(
        self,
        runs: Runs,
        watchers: Watchers,
        leases: Leases,
        news: News | None,
        resume: Resume | None,
        kinds: Callable[[], dict[str, TaskPolicy]],
    ) -> None:
        self._runs = runs
        self._watchers = watchers
        self._leases = leases
        self._news = news
        self._resume = resume
        self._kinds = kinds

    @property
    def holder(self) -> str:
        """This process, as the store knows it."""
        return self._leases.holder

    async def run(self) -> None:
        """Until cancelled."""
        async with anyio.create_task_group() as group:
            if self._news is not None:
                group.start_soon(self._news.listen, self._hear)
            group.start_soon(self._leases.run, self._wanted, self._take_over)

    def leave(self, record: TaskRecord, link: TaskLink) -> None:
        """Whichever process has room runs it; its client hears of it here."""
        if self._news is not None:
            self._news.links[record.descriptor.task_id] = link
            self._news.tell({"waits": record.descriptor.kind})

    def pass_on(self, task_id: str, key: str, response: Any) -> bool:
        """Give an answer to the process that runs the task; False if there is no way."""
        if self._news is not None:
            self._news.tell({"id": task_id, "key": key, "response": response})
        return self._news is not None

    def link_of(self, record: TaskRecord) -> TaskLink:
        """How to reach the client of a task that was started elsewhere, or left here."""
        if self._news is None:
            return WatchedLink(Nobody(), self._watchers)
        left = self._news.links.pop(record.descriptor.task_id, None)
        return left or WatchedLink(Elsewhere(self._news), self._watchers)

    def _wanted(self) -> list[str]:
        free = self._runs.slots.free
        return [kind for kind, policy in self._kinds().items() if free(kind, policy)]

    async def _take_over(self, record: TaskRecord) -> None:
        work = None if self._resume is None else self._resume(record)
        interrupted = record.descriptor.status != "queued"
        lost = self._runs.running.get(record.descriptor.task_id)
        if lost is not None:
            # It was ours, was taken while we were silent, and comes back.
            lost.vanish()
        run = self._runs.taken(record, self.link_of(record))
        if work is None or (interrupted and not work.policy.resumable):
            run.end("failed", outcomes.interruption(run.id), "the process that ran it is gone")
            await self._runs.close(run)
        else:
            if self._news is not None:
                # Its former process may only have been silent: it must not go on.
                self._news.tell({"id": run.id})
            self._runs.start(run, work)

    # -- what other processes say ------------------------------------------------------------------

    async def _hear(self, event: dict[str, Any]) -> None:
        if "waits" in event:
            return self._leases.look()
        task_id = str(event.get("id"))
        run = self._runs.running.get(task_id)
        if run is None:
            await self._tell_here(task_id)
        elif "key" in event:
            await self._runs.answer(run, str(event["key"]), event.get("response"))
        else:
            await self._runs.refresh(run)
        return None

    async def _tell_here(self, task_id: str) -> None:
        assert self._news is not None
        link = self._news.links.get(task_id)
        record = None if link is None else await self._runs.store.get(task_id)
        if link is not None and record is not None:
            link.notify(copy_descriptor(record.descriptor))
        else:
            self._watchers.tell(task_id)
        if record is None or has_ended(record):
            self._news.links.pop(task_id, None)
