"""The contract of task stores, as a suite to subclass:

class TestMyTaskStore(TaskStoreContract):
    @pytest.fixture
    def store(self):
        return MyTaskStore()
"""

from __future__ import annotations

import anyio
import pytest
from attrs import evolve

from ..contracts import TaskRecord, TaskStore
from ..model import TaskDescriptor, TaskStatus

_CREATED = "2026-01-01T00:00:00.000Z"


def task_record(
    task_id: str,
    owner: str = "me",
    status: TaskStatus = "working",
    *,
    outcome: bytes | None = None,
    expires_at: float | None = None,
) -> TaskRecord:
    """A record to store; input requests, meta and all."""
    descriptor = TaskDescriptor(
        task_id,
        "demo",
        status,
        _CREATED,
        _CREATED,
        ttl=60_000,
        poll_interval=500,
        status_message="on it",
        input_requests={"roots-1": {"method": "roots/list", "params": {}}},
        meta={"example.com/trace": "x"},
    )
    return TaskRecord(descriptor, owner, "tools/call", b'{"a":1}', outcome, expires_at=expires_at)


def _ended(record: TaskRecord, status: TaskStatus = "completed") -> TaskRecord:
    descriptor = evolve(record.descriptor, status=status, input_requests=None)
    return evolve(record, descriptor=descriptor, outcome=b'{"result":null}')


@pytest.mark.anyio
class TaskStoreContract:
    """What every `TaskStore` does. The subclass gives the fixture `store`: a new, empty store."""

    async def test_fulfils_the_protocol(self, store: TaskStore) -> None:
        assert isinstance(store, TaskStore)
        assert store.name

    async def test_gives_back_what_was_stored(self, store: TaskStore) -> None:
        record = task_record("t1", outcome=b'{"result":[1]}', expires_at=99.5)
        await store.create(record)
        assert await store.get("t1") == record
        assert await store.get("t2") is None

    async def test_refuses_a_known_id(self, store: TaskStore) -> None:
        await store.create(task_record("t1"))
        with pytest.raises(ValueError, match="t1"):
            await store.create(task_record("t1", owner="somebody else"))
        found = await store.get("t1")
        assert found is not None
        assert found.owner == "me"

    async def test_records_are_not_shared(self, store: TaskStore) -> None:
        record = task_record("t1")
        await store.create(record)
        record.descriptor.status_message = "changed by the giver"
        for _ in range(2):
            found = await store.get("t1")
            assert found is not None
            assert found.descriptor.status_message == "on it"
            assert set(found.descriptor.input_requests or ()) == {"roots-1"}
            found.descriptor.status_message = "changed by the taker"
            (found.descriptor.input_requests or {}).clear()

    async def test_update_counts_versions(self, store: TaskStore) -> None:
        await store.create(task_record("t1"))
        first = await store.get("t1")
        assert first is not None
        second = await store.update(_ended(first))
        assert second is not None
        assert second.version > first.version
        assert second.outcome == b'{"result":null}'
        assert await store.get("t1") == second

    async def test_update_of_an_old_version_changes_nothing(self, store: TaskStore) -> None:
        await store.create(task_record("t1"))
        first = await store.get("t1")
        assert first is not None
        second = await store.update(_ended(first))
        assert await store.update(_ended(first, "cancelled")) is None
        assert await store.get("t1") == second

    async def test_of_many_updates_of_one_version_one_is_stored(self, store: TaskStore) -> None:
        await store.create(task_record("t1"))
        first = await store.get("t1")
        assert first is not None
        stored: list[TaskRecord] = []

        async def update(number: int) -> None:
            done = await store.update(evolve(first, outcome=b"%d" % number))
            stored.extend([] if done is None else [done])

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(update, number)
        (winner,) = stored
        assert await store.get("t1") == winner

    async def test_of_many_of_one_id_one_is_created(self, store: TaskStore) -> None:
        created: list[str] = []

        async def create(owner: str) -> None:
            try:
                await store.create(task_record("t1", owner=owner))
            except ValueError:
                return
            created.append(owner)

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(create, f"owner {number}")
        (owner,) = created
        found = await store.get("t1")
        assert found is not None
        assert found.owner == owner

    async def test_update_of_what_is_gone(self, store: TaskStore) -> None:
        record = task_record("t1")
        await store.create(record)
        await store.delete("t1")
        assert await store.update(record) is None
        assert await store.get("t1") is None

    async def test_delete_is_idempotent(self, store: TaskStore) -> None:
        await store.create(task_record("t1"))
        await store.delete("t1")
        await store.delete("t1")
        assert await store.list("me", None, 10) == ([], None)

    async def test_lists_one_owner_in_order(self, store: TaskStore) -> None:
        for number in range(7):
            await store.create(task_record(f"t{number}", owner="me" if number % 2 else "you"))
        records, cursor = await store.list("me", None, 10)
        assert [record.descriptor.task_id for record in records] == ["t1", "t3", "t5"]
        assert cursor is None
        assert await store.list("nobody", None, 10) == ([], None)

    async def test_pages_go_on_when_records_change_or_go(self, store: TaskStore) -> None:
        for number in range(6):
            await store.create(task_record(f"t{number}"))
        first, cursor = await store.list("me", None, 2)
        assert [record.descriptor.task_id for record in first] == ["t0", "t1"]
        await store.update(_ended(first[0]))
        await store.delete("t1")
        await store.delete("t2")
        second, cursor = await store.list("me", cursor, 2)
        assert [record.descriptor.task_id for record in second] == ["t3", "t4"]
        third, cursor = await store.list("me", cursor, 2)
        assert [record.descriptor.task_id for record in third] == ["t5"]
        assert cursor is None

    async def test_refuses_a_foreign_cursor(self, store: TaskStore) -> None:
        for cursor in ("", "no cursor", "-1", "٣", "1" * 50):
            with pytest.raises(ValueError, match="cursor"):
                await store.list("me", cursor, 10)

    async def test_trim_takes_the_oldest_finished(self, store: TaskStore) -> None:
        for number in range(6):
            await store.create(task_record(f"t{number}"))
        await store.create(task_record("other", owner="you", status="completed"))
        for task_id in ("t1", "t2", "t4"):
            record = await store.get(task_id)
            assert record is not None
            await store.update(_ended(record))
        assert await store.trim("me", 4) == 4
        records, _ = await store.list("me", None, 10)
        assert [record.descriptor.task_id for record in records] == ["t0", "t3", "t4", "t5"]
        assert await store.trim("me", 0) == 3
        assert await store.trim("nobody", 0) == 0
        assert await store.get("other") is not None

    async def test_expires_what_is_due(self, store: TaskStore) -> None:
        for task_id, due in (("t1", 10.0), ("t2", 20.0), ("t3", None), ("t4", 5.0)):
            await store.create(task_record(task_id, expires_at=due))
        assert await store.next_expiry() == 5.0
        assert sorted(await store.expire(10.0)) == ["t1", "t4"]
        assert await store.get("t1") is None
        assert await store.next_expiry() == 20.0
        assert list(await store.expire(10.0)) == []
        await store.delete("t2")
        assert await store.next_expiry() is None
        assert await store.get("t3") is not None
