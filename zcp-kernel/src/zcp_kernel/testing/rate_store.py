"""The contract of stores that count callers, as a suite to subclass:

class TestMyRateStore(RateStoreContract):
    @pytest.fixture
    def store(self):
        return MyRateStore()
"""

from __future__ import annotations

import anyio
import pytest

from ..contracts import RateStore

LONG = 1e9
"""A window that ends during no test."""
SHORT = 0.4
PAUSE = 0.02
ROUNDS = 150


@pytest.mark.anyio
class RateStoreContract:
    """What every `RateStore` does. The subclass gives the fixture `store`: a new, empty one."""

    async def test_fulfils_the_protocol(self, store: RateStore) -> None:
        assert isinstance(store, RateStore)
        assert store.name

    async def test_counts_up_to_the_most_and_no_further(self, store: RateStore) -> None:
        counted = [await store.count("me", LONG, 3) for _ in range(6)]
        assert [count for count, _, _ in counted] == [0, 1, 2, 3, 3, 3]
        assert {before for _, before, _ in counted} == {0}
        assert all(0 <= elapsed < 1 for _, _, elapsed in counted)
        # Where more are allowed, it goes on from there.
        count, _, _ = await store.count("me", LONG, 10)
        assert count == 3
        count, _, _ = await store.count("me", LONG, 10)
        assert count == 4

    async def test_none_are_allowed(self, store: RateStore) -> None:
        for _ in range(3):
            count, _, _ = await store.count("me", LONG, 0)
            assert count == 0

    async def test_callers_are_apart(self, store: RateStore) -> None:
        for caller in ("me", "Me", "me ", "", "ä", "me" * 200):
            for wanted in range(2):
                count, _, _ = await store.count(caller, LONG, 5)
                assert count == wanted

    async def test_of_many_at_once_as_many_as_allowed(self, store: RateStore) -> None:
        seen: list[int] = []

        async def one() -> None:
            count, _, _ = await store.count("me", LONG, 20)
            seen.append(count)

        async with anyio.create_task_group() as group:
            for _ in range(60):
                group.start_soon(one)
        assert sorted(seen) == [*range(20), *[20] * 40]

    async def test_the_window_before_still_counts(self, store: RateStore) -> None:
        last = windows = 0
        for _ in range(ROUNDS):
            count, before, elapsed = await store.count("me", SHORT, 1000)
            assert 0 <= elapsed < 1
            if count == 0 and last:
                # Nothing is left of it where this process was held up for a whole window.
                assert before in (last, 0)
                windows += before > 0
                if windows == 2:
                    return
            else:
                assert count == last
            last = count + 1
            await anyio.sleep(PAUSE)
        raise AssertionError("no window ever followed another")

    async def test_what_is_long_past_counts_no_more(self, store: RateStore) -> None:
        for _ in range(5):
            await store.count("me", 0.05, 1000)
        await anyio.sleep(0.2)
        count, before, _ = await store.count("me", 0.05, 1000)
        assert (count, before) == (0, 0)

    async def test_who_was_refused_is_heard_again(self, store: RateStore) -> None:
        # A window that two counts fit into, wherever in it they begin.
        for _ in range(2):
            await store.count("me", SHORT, 1)
        for _ in range(ROUNDS):
            count, before, elapsed = await store.count("me", SHORT, 1)
            if count + before * (1 - elapsed) < 1:
                return
            await anyio.sleep(PAUSE)
        raise AssertionError("refused for ever")
