"""Bringing the store up to date with a running task."""

from __future__ import annotations

import logging

import anyio
from attrs import evolve

from ...contracts import TaskStore
from .running import RunningTask, has_ended

log = logging.getLogger("zcp.tasks")


async def save(store: TaskStore, run: RunningTask) -> None:
    """Store what changed since the last time, in order. A store that fails is logged: the task goes
    on, and its next change tries again."""
    # A write cut short would leave us without the version it may have made.
    with anyio.CancelScope(shield=True):
        async with run.storing:
            try:
                while run.dirty:
                    await _save_once(store, run)
            except Exception:
                run.dirty = True
                log.exception("task %s could not be stored", run.id)


async def _save_once(store: TaskStore, run: RunningTask) -> None:
    run.dirty = False
    stored = await store.update(run.record)
    if stored is None:
        await _reconcile(store, run)
    else:
        run.record = evolve(run.record, version=stored.version)


async def _reconcile(store: TaskStore, run: RunningTask) -> None:
    """The stored version is not the one we knew: another process wrote, or removed the task."""
    current = await store.get(run.id)
    if current is None or current.holder not in (None, run.record.holder):
        # Removed, or taken over by a process that thought us gone: it is no longer ours to run.
        run.vanish()
    elif has_ended(current):
        run.adopt(current)
    else:
        run.record = evolve(run.record, version=current.version)
        run.dirty = True
