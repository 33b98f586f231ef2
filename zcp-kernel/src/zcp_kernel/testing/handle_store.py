"""The contract of handle stores, as a suite to subclass:

class TestMyHandleStore(HandleStoreContract):
    @pytest.fixture
    def make_store(self):
        return MyHandleStore
"""

from __future__ import annotations

from typing import Protocol

import anyio
import pytest

from ..contracts import HandleStore, StoredHandle
from ..model import HandleRef


class MakeHandleStore(Protocol):
    """Makes a new, empty store with these budgets in bytes."""

    def __call__(self, *, max_bytes_per_owner: int, max_bytes_total: int) -> HandleStore: ...


def stored_handle(
    handle_id: str, data: bytes = b"[1,2]", owner: str = "me", expires_at: float | None = None
) -> StoredHandle:
    """A handle to store."""
    ref = HandleRef(handle_id, "list", "list of 2 numbers", len(data), count=2, ttl_ms=1000)
    return StoredHandle(ref, owner, data, ("rows.read",), expires_at, b"[2,[[0,1]]]")


@pytest.mark.anyio
class HandleStoreContract:
    """What every `HandleStore` does. The subclass gives the fixture `make_store`."""

    @pytest.fixture
    def store(self, make_store: MakeHandleStore) -> HandleStore:
        """A store of 100 bytes for each owner, 250 in all."""
        return make_store(max_bytes_per_owner=100, max_bytes_total=250)

    async def test_fulfils_the_protocol(self, store: HandleStore) -> None:
        assert isinstance(store, HandleStore)
        assert store.name

    async def test_gives_back_what_was_stored(self, store: HandleStore) -> None:
        handle = stored_handle("h1", bytes(range(64)), expires_at=12.25)
        await store.put(handle)
        assert await store.get("h1") == handle
        assert await store.get("h2") is None

    async def test_refs_are_not_shared(self, store: HandleStore) -> None:
        handle = stored_handle("h1")
        await store.put(handle)
        handle.ref.summary = "changed by the giver"
        found = await store.get("h1")
        assert found is not None
        found.ref.summary = "changed by the taker"
        assert await store.get("h1") == stored_handle("h1")

    async def test_refuses_a_known_id(self, store: HandleStore) -> None:
        await store.put(stored_handle("h1"))
        with pytest.raises(ValueError, match="h1"):
            await store.put(stored_handle("h1", b"[]", owner="you"))
        assert await store.get("h1") == stored_handle("h1")

    async def test_refuses_what_exceeds_the_budget_and_loses_nothing(
        self, store: HandleStore
    ) -> None:
        await store.put(stored_handle("h1", bytes(60)))
        with pytest.raises(ValueError, match="101"):
            await store.put(stored_handle("h2", bytes(101)))
        assert await store.get("h1") is not None
        await store.put(stored_handle("h3", bytes(100), owner="you"))

    async def test_evicts_the_owners_least_recently_used(self, store: HandleStore) -> None:
        for handle_id in ("h1", "h2"):
            await store.put(stored_handle(handle_id, bytes(50)))
        await store.put(stored_handle("other", bytes(50), owner="you"))
        await store.get("h1")
        await store.put(stored_handle("h3", bytes(50)))
        assert await store.get("h2") is None
        assert await store.get("h1") is not None
        assert await store.get("other") is not None

    async def test_evicts_across_owners_when_the_whole_is_full(self, store: HandleStore) -> None:
        for number in range(5):
            await store.put(stored_handle(f"h{number}", bytes(50), owner=f"owner {number}"))
        await store.get("h0")
        await store.put(stored_handle("h5", bytes(80), owner="owner 5"))
        left = [n for n in range(6) if await store.get(f"h{n}") is not None]
        assert left == [0, 3, 4, 5]

    async def test_many_at_once_stay_within_the_budgets(self, store: HandleStore) -> None:
        async def put(number: int) -> None:
            await store.put(stored_handle(f"h{number}", bytes(30), owner=f"owner {number % 4}"))

        async with anyio.create_task_group() as group:
            for number in range(40):
                group.start_soon(put, number)
        left: list[int] = []
        for number in range(4):
            held, _ = await store.list(f"owner {number}", None, 100)
            left.append(sum(len(handle.data) for handle in held))
        assert max(left) <= 100
        assert 150 <= sum(left) <= 250

    async def test_of_many_of_one_id_one_is_stored(self, store: HandleStore) -> None:
        stored: list[bytes] = []

        async def put(data: bytes) -> None:
            try:
                await store.put(stored_handle("h1", data))
            except ValueError:
                return
            stored.append(data)

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(put, b"[%d]" % number)
        (data,) = stored
        found = await store.get("h1")
        assert found is not None
        assert found.data == data

    async def test_listing_is_no_use(self, store: HandleStore) -> None:
        for handle_id in ("h1", "h2"):
            await store.put(stored_handle(handle_id, bytes(50)))
        await store.list("me", None, 1)
        await store.put(stored_handle("h3", bytes(50)))
        assert await store.get("h1") is None

    async def test_knows_what_is_gone_and_whose_it_was(self, store: HandleStore) -> None:
        await store.put(stored_handle("evicted", bytes(60)))
        await store.put(stored_handle("expired", bytes(50), expires_at=5.0))
        await store.put(stored_handle("released", bytes(10)))
        await store.expire(5.0)
        await store.delete("released")
        assert await store.was_known("evicted", "me")
        assert await store.was_known("expired", "me")
        assert not await store.was_known("expired", "you")
        assert not await store.was_known("released", "me")
        assert not await store.was_known("never", "me")

    async def test_lists_one_owner_in_order(self, store: HandleStore) -> None:
        for number in range(8):
            owner = "me" if number % 2 else "you"
            await store.put(stored_handle(f"h{number}", b"[]", owner=owner))
        await store.get("h1")
        first, cursor = await store.list("me", None, 3)
        assert [handle.ref.id for handle in first] == ["h1", "h3", "h5"]
        await store.delete("h5")
        second, end = await store.list("me", cursor, 3)
        assert [handle.ref.id for handle in second] == ["h7"]
        assert end is None
        assert await store.list("nobody", None, 3) == ([], None)

    async def test_refuses_a_foreign_cursor(self, store: HandleStore) -> None:
        for cursor in ("", "no cursor", "-1", "٣", "1" * 50):
            with pytest.raises(ValueError, match="cursor"):
                await store.list("me", cursor, 10)

    async def test_deletes(self, store: HandleStore) -> None:
        await store.put(stored_handle("h1", bytes(90)))
        assert await store.delete("h1") is True
        assert await store.delete("h1") is False
        assert await store.get("h1") is None
        await store.put(stored_handle("h2", bytes(90)))
        await store.put(stored_handle("h3", bytes(10)))
        assert await store.get("h2") is not None

    async def test_expires_what_is_due(self, store: HandleStore) -> None:
        for handle_id, due in (("h1", 10.0), ("h2", 20.0), ("h3", None), ("h4", 5.0)):
            await store.put(stored_handle(handle_id, expires_at=due))
        assert await store.next_expiry() == 5.0
        assert sorted(await store.expire(10.0)) == ["h1", "h4"]
        assert await store.get("h1") is None
        assert await store.next_expiry() == 20.0
        assert list(await store.expire(10.0)) == []
        await store.delete("h2")
        assert await store.next_expiry() is None
        assert await store.get("h3") is not None
