"""The stores in memory stay within their bounds, whatever is put into them."""

from __future__ import annotations

import pytest
from attrs import evolve
from zcp_kernel.contracts import TaskRecord
from zcp_kernel.errors import LimitReached
from zcp_kernel.handles import MemoryHandleStore
from zcp_kernel.tasks import MemoryTaskStore
from zcp_kernel.testing.handle_store import stored_handle
from zcp_kernel.testing.task_store import task_record

pytestmark = pytest.mark.anyio


async def finish(store: MemoryTaskStore, task_id: str, outcome: bytes = b'{"result":1}') -> None:
    record = await store.get(task_id)
    assert record is not None
    descriptor = evolve(record.descriptor, status="completed", input_requests=None)
    await store.update(evolve(record, descriptor=descriptor, outcome=outcome))


async def held(store: MemoryTaskStore, ids: list[str]) -> list[str]:
    return [task_id for task_id in ids if await store.get(task_id) is not None]


async def test_the_first_to_finish_makes_room_whoever_owns_it() -> None:
    store = MemoryTaskStore(max_records=3)
    for number in range(3):
        await store.create(task_record(f"t{number}", owner=f"owner {number}"))
    with pytest.raises(LimitReached):
        await store.create(task_record("t3"))
    await finish(store, "t2")
    await finish(store, "t0")
    await store.create(task_record("t3"))
    assert await held(store, ["t0", "t1", "t2", "t3"]) == ["t0", "t1", "t3"]
    assert store.records_held == 3


async def test_large_outcomes_and_inputs_stay_within_the_bytes() -> None:
    store = MemoryTaskStore(max_bytes=100_000)
    for number in range(10):
        await store.create(task_record(f"t{number}"))
        await finish(store, f"t{number}", b'{"result":"' + b"x" * 40_000 + b'"}')
        assert store.bytes_held <= 100_000
    assert await held(store, [f"t{number}" for number in range(10)]) == ["t8", "t9"]
    with pytest.raises(LimitReached):
        await store.create(_with_input(100_000))
    assert await store.get("big") is None


def _with_input(size: int) -> TaskRecord:
    return evolve(task_record("big"), input=b'"' + b"x" * size + b'"')


async def test_an_unfinished_task_never_makes_room() -> None:
    store = MemoryTaskStore(max_bytes=5000)
    await store.create(task_record("t0"))
    await store.create(task_record("t1"))
    await finish(store, "t1", b"x" * 4500)
    assert await held(store, ["t0", "t1"]) == ["t0", "t1"]
    await store.create(task_record("t2"))
    assert await held(store, ["t0", "t1", "t2"]) == ["t0", "t2"]


async def test_handles_are_bounded_in_number_and_so_is_what_is_remembered_of_them() -> None:
    store = MemoryHandleStore(max_handles=5, max_remembered=3)
    for number in range(20):
        await store.put(stored_handle(f"h{number}", owner=f"owner {number}"))
        assert store.handles_held <= 5
    assert await store.get("h14") is None
    assert await store.get("h15") is not None
    assert await store.was_known("h14", "owner 14")
    assert not await store.was_known("h11", "owner 11")
    assert store.bytes_held == 5 * len(b"[1,2]")
