"""The contract of stores that remember what was done, as a suite to subclass:

class TestMyOnceStore(OnceStoreContract):
    @pytest.fixture
    def store(self):
        return MyOnceStore()
"""

from __future__ import annotations

import time

import anyio
import pytest

from ..contracts import OnceStore

HOUR = 3600.0


@pytest.mark.anyio
class OnceStoreContract:
    """What every `OnceStore` does. The subclass gives the fixture `store`: a new, empty one."""

    async def test_fulfils_the_protocol(self, store: OnceStore) -> None:
        assert isinstance(store, OnceStore)
        assert store.name

    async def test_it_is_said_to_the_first_only(self, store: OnceStore) -> None:
        later = time.time() + HOUR
        assert await store.begin("a", later) == (True, None)
        assert await store.begin("a", later) == (False, None)
        assert await store.begin("b", later) == (True, None)

    async def test_it_is_said_to_one_of_many(self, store: OnceStore) -> None:
        said: list[bool] = []

        async def begin() -> None:
            mine, _ = await store.begin("a", time.time() + HOUR)
            said.append(mine)

        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(begin)
        assert (len(said), said.count(True)) == (50, 1)

    @pytest.mark.parametrize("value", [b"null", b"", b"\x00\xff", b"x" * 100_000])
    async def test_the_others_get_what_came_of_it(self, store: OnceStore, value: bytes) -> None:
        later = time.time() + HOUR
        await store.begin("a", later)
        await store.begin("b", later)
        await store.finish("a", value)
        for _ in range(2):
            assert await store.begin("a", later) == (False, value)
        assert await store.begin("b", later) == (False, None)

    async def test_keys_are_compared_exactly(self, store: OnceStore) -> None:
        later = time.time() + HOUR
        for key in ("a", "A", "a ", "", "ä", "a\x00", "a" * 500):
            assert await store.begin(key, later) == (True, None)

    async def test_it_is_forgotten_in_time(self, store: OnceStore) -> None:
        later = time.time() + HOUR
        await store.begin("past", time.time() - 1)
        await store.finish("past", b"1")
        await store.begin("soon", time.time() + 0.2)
        await store.begin("later", later)
        assert await store.begin("past", later) == (True, None)
        assert await store.begin("past", later) == (False, None)
        await anyio.sleep(0.3)
        assert await store.begin("soon", later) == (True, None)
        assert await store.begin("later", later) == (False, None)

    async def test_who_asks_does_not_prolong_it(self, store: OnceStore) -> None:
        await store.begin("a", time.time() + 0.2)
        await store.begin("a", time.time() + HOUR)
        await anyio.sleep(0.3)
        assert await store.begin("a", time.time() + HOUR) == (True, None)
