"""The contract of buses, as a suite to subclass:

class TestMyBus(BusContract):
    @pytest.fixture
    def make_bus(self):
        return MyBus
"""

from __future__ import annotations

from typing import Protocol

import anyio
import pytest

from ..contracts import Bus, Lagged


class MakeBus(Protocol):
    """Makes a bus that keeps this many events for a subscriber."""

    def __call__(self, *, backlog: int) -> Bus: ...


@pytest.mark.anyio
class BusContract:
    """What every `Bus` does. The subclass gives the fixture `make_bus`."""

    @pytest.fixture
    def bus(self, make_bus: MakeBus) -> Bus:
        return make_bus(backlog=4)

    async def test_every_subscriber_gets_every_event_in_order(self, bus: Bus) -> None:
        with anyio.fail_after(10):
            async with bus.subscribe("news") as one, bus.subscribe("news") as two:
                for number in range(3):
                    await bus.publish("news", {"n": number})
                for events in (one, two):
                    assert [(await anext(events))["n"] for _ in range(3)] == [0, 1, 2]

    async def test_topics_are_apart(self, bus: Bus) -> None:
        with anyio.fail_after(10):
            async with bus.subscribe("a") as events:
                await bus.publish("b", 1)
                await bus.publish("a", 2)
                assert await anext(events) == 2

    async def test_a_waiting_subscriber_is_woken(self, bus: Bus) -> None:
        got: list[int] = []

        async def take(ready: anyio.Event) -> None:
            async with bus.subscribe("news") as events:
                ready.set()
                got.append(await anext(events))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                ready = anyio.Event()
                group.start_soon(take, ready)
                await ready.wait()
                await anyio.wait_all_tasks_blocked()
                await bus.publish("news", 7)
        assert got == [7]

    async def test_many_publish_at_once(self, make_bus: MakeBus) -> None:
        bus = make_bus(backlog=500)

        async def publish(name: str) -> None:
            for number in range(10):
                await bus.publish("news", [name, number])

        with anyio.fail_after(10):
            async with bus.subscribe("news") as one, bus.subscribe("news") as two:
                async with anyio.create_task_group() as group:
                    for name in "abcdefgh":
                        group.start_soon(publish, name)
                got = [await anext(one) for _ in range(80)]
                assert [await anext(two) for _ in range(80)] == got
        for name in "abcdefgh":
            assert [number for who, number in got if who == name] == list(range(10))

    async def test_a_subscriber_that_stopped_waiting_misses_nothing(self, bus: Bus) -> None:
        with anyio.fail_after(10):
            async with bus.subscribe("news") as events:
                with anyio.move_on_after(0.05):
                    await anext(events)
                await bus.publish("news", 1)
                assert await anext(events) == 1

    async def test_nothing_from_before_or_after_the_subscription(self, bus: Bus) -> None:
        with anyio.fail_after(10):
            await bus.publish("news", "before")
            async with bus.subscribe("news") as events:
                await bus.publish("news", "during")
                assert await anext(events) == "during"
            await bus.publish("news", "after")

    async def test_a_slow_subscriber_is_told_what_it_missed(self, bus: Bus) -> None:
        with anyio.fail_after(10):
            async with bus.subscribe("news") as events:
                for number in range(10):
                    await bus.publish("news", number)
                with pytest.raises(Lagged) as lagged:
                    await anext(events)
                left = 10 - lagged.value.missed
                assert 0 < left <= 4
                assert [await anext(events) for _ in range(left)] == list(range(10))[-left:]
                await bus.publish("news", "on time")
                assert await anext(events) == "on time"
