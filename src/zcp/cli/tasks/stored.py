"""What `zcp tasks` does in a store."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..attending import status_line
from ..rendering import Screen
from ..stores import StoreTarget, show_store

COLUMNS = {
    "task": "taskId",
    "kind": "kind",
    "status": "status",
    "attempt": "attempt",
    "holder": "holder",
    "updated": "lastUpdatedAt",
    "owner": "owner",
    "message": "statusMessage",
}


def show_list(store: StoreTarget, limit: int, status: str | None, as_json: bool) -> None:
    """The newest first."""

    def work(screen: Screen) -> None:
        found: list[dict[str, Any]] = store.part("tasks").newest(store.path, limit, status)
        if screen.json:
            screen.document({"tasks": found})
        else:
            screen.table(list(COLUMNS), [_row(task) for task in found])

    show_store(as_json, work)


def show(store: StoreTarget, task_id: str, as_json: bool) -> None:
    """Everything of one task, its input and its outcome included."""
    look = store.part("tasks").details
    show_store(as_json, lambda screen: screen.document(look(store.path, task_id)))


def cancel(store: StoreTarget, task_id: str, as_json: bool) -> None:
    """End a task; the process that runs it stops at its next change."""
    _change(store, "cancel", task_id, as_json)


def retry(store: StoreTarget, task_id: str, as_json: bool) -> None:
    """Let a task that failed or was cancelled run again."""
    _change(store, "retry", task_id, as_json)


def prune(store: StoreTarget, days: float, as_json: bool) -> None:
    """Remove tasks that ended so long ago."""

    def work(screen: Screen) -> None:
        removed = store.part("tasks").prune(store.path, days)
        if screen.json:
            screen.document({"removed": removed})
        else:
            screen.text(f"{removed} tasks removed")

    show_store(as_json, work)


def _change(store: StoreTarget, verb: str, task_id: str, as_json: bool) -> None:
    show_store(as_json, partial(_show_changed, getattr(store.part("tasks"), verb), store, task_id))


def _show_changed(change: Any, store: StoreTarget, task_id: str, screen: Screen) -> None:
    task = change(store.path, task_id)
    if screen.json:
        screen.document({"task": task})
    else:
        screen.text(status_line(task))


def _row(task: dict[str, Any]) -> list[str]:
    cells = (task.get(name) for name in COLUMNS.values())
    return ["" if cell is None else str(cell) for cell in cells]
