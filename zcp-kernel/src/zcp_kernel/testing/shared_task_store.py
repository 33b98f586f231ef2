"""The contract of task stores that several processes share, as a suite to subclass:

class TestMySharedTaskStore(SharedTaskStoreContract):
    @pytest.fixture
    def stores(self):
        return MyTaskStore(place), MyTaskStore(place)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import anyio
import pytest
from attrs import evolve

from ..contracts import SharedTaskStore, TaskRecord
from .task_store import task_record

Stores = tuple[SharedTaskStore, SharedTaskStore]

LONG = 1000.0
NOW = 1_700_000_000.0


def _held(task_id: str, holder: str | None, **more: Any) -> TaskRecord:
    return evolve(task_record(task_id), holder=holder, **more)


def _ids(records: Iterable[TaskRecord]) -> list[str]:
    return [record.descriptor.task_id for record in records]


@pytest.mark.anyio
class SharedTaskStoreContract:
    """What every `SharedTaskStore` does. The subclass gives the fixture `stores`: two views of one
    new, empty store, as two processes have them."""

    async def test_fulfils_the_protocol(self, stores: Stores) -> None:
        assert all(isinstance(store, SharedTaskStore) for store in stores)

    async def test_each_sees_what_the_other_stored(self, stores: Stores) -> None:
        one, other = stores
        record = _held("t1", "a", priority=3, caller=b'{"subject":"me"}', due_at=NOW)
        await one.create(record)
        assert await other.get("t1") == record
        stored = await other.update(evolve(record, attempt=2))
        assert stored is not None
        assert await one.get("t1") == stored

    async def test_what_is_held_is_not_to_be_had(self, stores: Stores) -> None:
        one, other = stores
        await one.create(_held("t1", "a"))
        assert list(await other.claim("b", LONG, ["demo"], NOW, 10)) == []
        await one.hold("a", LONG)
        assert list(await other.claim("b", LONG, ["demo"], NOW, 10)) == []

    async def test_what_was_let_go_is_taken_whatever_its_kind(self, stores: Stores) -> None:
        one, other = stores
        await one.create(_held("t1", "a"))
        await one.hold("a", 0.0)
        (taken,) = await other.claim("b", LONG, [], NOW, 10)
        assert (taken.holder, taken.attempt) == ("b", 2)
        assert list(await one.claim("a", LONG, [], NOW, 10)) == []
        assert await one.get("t1") == taken

    async def test_a_process_does_not_take_from_itself(self, stores: Stores) -> None:
        one, other = stores
        await one.create(_held("t1", "a"))
        await one.hold("a", 0.0)
        assert list(await one.claim("a", LONG, ["demo"], NOW, 10)) == []
        assert _ids(await other.claim("b", LONG, ["demo"], NOW, 10)) == ["t1"]

    async def test_who_lost_a_task_can_no_longer_write_it(self, stores: Stores) -> None:
        one, other = stores
        mine = _held("t1", "a")
        await one.create(mine)
        await one.hold("a", 0.0)
        await other.claim("b", LONG, [], NOW, 10)
        assert await one.update(evolve(mine, outcome=b"{}")) is None

    async def test_what_waits_goes_by_kind_and_time(self, stores: Stores) -> None:
        one, other = stores
        await one.create(_held("early", None, due_at=NOW + 5))
        await one.create(_held("ready", None))
        assert list(await other.claim("b", LONG, ["another"], NOW, 10)) == []
        (taken,) = await other.claim("b", LONG, ["demo"], NOW, 10)
        assert (taken.descriptor.task_id, taken.attempt) == ("ready", 1)
        assert _ids(await other.claim("b", LONG, ["demo"], NOW + 5, 10)) == ["early"]

    async def test_the_most_urgent_first_and_no_more_than_asked_for(self, stores: Stores) -> None:
        one, other = stores
        for number, priority in enumerate((0, 5, 5, 9)):
            await one.create(_held(f"t{number}", None, priority=priority))
        assert _ids(await other.claim("b", LONG, ["demo"], NOW, 3)) == ["t3", "t1", "t2"]
        assert _ids(await one.claim("a", LONG, ["demo"], NOW, 3)) == ["t0"]

    async def test_what_has_ended_is_left_alone(self, stores: Stores) -> None:
        one, other = stores
        record = _held("t1", "a")
        ended = evolve(record.descriptor, status="completed")
        await one.create(evolve(record, descriptor=ended))
        await one.hold("a", 0.0)
        assert list(await other.claim("b", LONG, ["demo"], NOW, 10)) == []

    async def test_no_task_is_given_twice(self, stores: Stores) -> None:
        for number in range(60):
            await stores[0].create(_held(f"t{number}", None))
        taken: list[str] = []

        async def take(name: str, store: SharedTaskStore) -> None:
            while claimed := await store.claim(name, LONG, ["demo"], NOW, 7):
                taken.extend(_ids(claimed))

        async with anyio.create_task_group() as group:
            for name, store in zip("abab", stores * 2, strict=True):
                group.start_soon(take, name, store)
        assert sorted(taken) == sorted(f"t{number}" for number in range(60))
