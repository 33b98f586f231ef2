"""A shared task store that breaks a promise fails its suite."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import pytest
from attrs import evolve
from suite_runs import failures
from zcp_kernel.contracts import TaskRecord
from zcp_kernel.testing.shared_task_store import SharedTaskStoreContract
from zcp_store_sqlite import Database, SQLiteTaskStore

Views = Callable[[type[SQLiteTaskStore]], tuple[SQLiteTaskStore, SQLiteTaskStore]]


class IgnoresLeases(SQLiteTaskStore):
    async def hold(self, holder: str, seconds: float) -> None:
        await super().hold(holder, 0.0)


class IgnoresKinds(SQLiteTaskStore):
    async def claim(
        self, holder: str, seconds: float, kinds: Collection[str], now: float, limit: int
    ) -> Sequence[TaskRecord]:
        return await super().claim(holder, seconds, ["demo"], now, limit)


class CountsNoAttempts(SQLiteTaskStore):
    async def claim(
        self, holder: str, seconds: float, kinds: Collection[str], now: float, limit: int
    ) -> Sequence[TaskRecord]:
        taken = await super().claim(holder, seconds, kinds, now, limit)
        return [evolve(record, attempt=1) for record in taken]


class LetsTheLoserWrite(SQLiteTaskStore):
    async def update(self, record: TaskRecord) -> TaskRecord | None:
        known = await self.get(record.descriptor.task_id)
        return (
            None if known is None else await super().update(evolve(record, version=known.version))
        )


class GivesTwice(SQLiteTaskStore):
    async def claim(
        self, holder: str, seconds: float, kinds: Collection[str], now: float, limit: int
    ) -> Sequence[TaskRecord]:
        taken = await super().claim(holder, seconds, kinds, now, limit)
        if taken and holder == "a":
            await self.hold(holder, 0.0)
        return taken


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    """Makes two views of a new file."""
    opened: list[Database] = []

    def make(kind: type[SQLiteTaskStore]) -> tuple[SQLiteTaskStore, SQLiteTaskStore]:
        path = tmp_path / f"{len(opened)}.db"
        opened.extend([Database(path), Database(path)])
        return kind(opened[-2]), kind(opened[-1])

    yield make
    for database in opened:
        database.close()


def test_a_sound_store_passes(views: Views) -> None:
    found = failures(SharedTaskStoreContract, {"stores": lambda: views(SQLiteTaskStore)})
    assert found == set()


@pytest.mark.parametrize(
    ("kind", "found_by"),
    [
        (IgnoresLeases, "test_what_is_held_is_not_to_be_had"),
        (IgnoresKinds, "test_what_waits_goes_by_kind_and_time"),
        (CountsNoAttempts, "test_what_was_let_go_is_taken_whatever_its_kind"),
        (LetsTheLoserWrite, "test_who_lost_a_task_can_no_longer_write_it"),
        (GivesTwice, "test_no_task_is_given_twice"),
    ],
)
def test_a_broken_store_fails(views: Views, kind: type[SQLiteTaskStore], found_by: str) -> None:
    fixtures = {"stores": lambda: views(kind)}
    assert failures(SharedTaskStoreContract, fixtures, found_by) == {found_by}
