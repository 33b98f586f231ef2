"""The contract of event logs, as a suite to subclass:

class TestMyEventLog(EventLogContract):
    @pytest.fixture
    def make_log(self):
        return lambda events, size: MyEventLog(events, size)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
import pytest

from ..contracts import EventLog, LoggedEvent

MakeEventLog = Callable[[int, int], EventLog]
"""A new log that keeps this many events of a stream, and this many bytes of a session."""

ROOMY = (100, 100_000)


def _frames(events: Sequence[LoggedEvent] | None) -> list[bytes] | None:
    return None if events is None else [event.frame for event in events]


@pytest.mark.anyio
class EventLogContract:
    """What every `EventLog` does. The subclass gives the fixture `make_log`."""

    async def test_fulfils_the_protocol(self, make_log: MakeEventLog) -> None:
        log = make_log(*ROOMY)
        assert isinstance(log, EventLog)
        assert log.name

    async def test_numbers_each_stream_from_one(self, make_log: MakeEventLog) -> None:
        log = make_log(*ROOMY)
        assert [await log.append("s", 1, b"a"), await log.append("s", 1, b"b")] == [1, 2]
        assert await log.append("s", 2, b"c") == 1
        assert await log.append("t", 1, b"d") == 1

    async def test_many_at_once_get_a_number_each(self, make_log: MakeEventLog) -> None:
        log = make_log(*ROOMY)
        numbered: dict[int, bytes] = {}

        async def append(frame: bytes) -> None:
            numbered[await log.append("s", 1, frame)] = frame

        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(append, b"frame %d" % number)
        assert sorted(numbered) == list(range(1, 61))
        assert _frames(await log.after("s", 1, 0)) == [numbered[n] for n in range(1, 61)]

    async def test_of_many_last_events_one_is_kept(self, make_log: MakeEventLog) -> None:
        log = make_log(*ROOMY)
        kept: list[bytes] = []

        async def end(frame: bytes) -> None:
            try:
                await log.append("s", 1, frame, last=True)
            except ValueError:
                return
            kept.append(frame)

        async with anyio.create_task_group() as group:
            for number in range(10):
                group.start_soon(end, b"answer %d" % number)
        assert _frames(await log.after("s", 1, 0)) == kept
        assert len(kept) == 1

    async def test_gives_what_came_after_any_number(self, make_log: MakeEventLog) -> None:
        log = make_log(*ROOMY)
        for frame in (b"a", b"b", b"c"):
            await log.append("s", 1, frame)
        await log.append("s", 2, b"of another stream")
        await log.append("t", 1, b"of another session")
        wanted: list[list[bytes]] = [[b"a", b"b", b"c"], [b"b", b"c"], [b"c"], []]
        for number, frames in enumerate(wanted):
            assert _frames(await log.after("s", 1, number)) == frames
        events = await log.after("s", 1, 1)
        assert [event.number for event in events or ()] == [2, 3]

    async def test_knows_no_number_that_never_was(self, make_log: MakeEventLog) -> None:
        log = make_log(*ROOMY)
        await log.append("s", 1, b"a")
        assert await log.after("s", 1, 2) is None
        assert await log.after("s", 7, 1) is None
        assert await log.after("nobody", 1, 1) is None

    async def test_says_so_when_events_are_gone(self, make_log: MakeEventLog) -> None:
        log = make_log(2, 100_000)
        for frame in (b"a", b"b", b"c", b"d"):
            await log.append("s", 1, frame)
        assert await log.after("s", 1, 1) is None
        assert _frames(await log.after("s", 1, 2)) == [b"c", b"d"]

    async def test_keeps_the_answer_whatever_came_before(self, make_log: MakeEventLog) -> None:
        log = make_log(2, 100)
        for _ in range(50):
            await log.append("s", 1, b"n" * 30)
        number = await log.append("s", 1, b"r" * 90, last=True)
        assert number == 51
        assert _frames(await log.after("s", 1, 50)) == [b"r" * 90]

    async def test_a_stream_ends_once(self, make_log: MakeEventLog) -> None:
        log = make_log(*ROOMY)
        await log.append("s", 1, b"answer", last=True)
        with pytest.raises(ValueError, match="ended"):
            await log.append("s", 1, b"more")

    async def test_a_session_stays_within_its_bytes(self, make_log: MakeEventLog) -> None:
        log = make_log(100, 100)
        await log.append("s", 1, b"x" * 60)
        await log.append("s", 2, b"y" * 60)
        assert await log.after("s", 1, 0) is None
        assert _frames(await log.after("s", 2, 0)) == [b"y" * 60]

    async def test_another_session_is_not_made_to_pay(self, make_log: MakeEventLog) -> None:
        log = make_log(100, 100)
        await log.append("quiet", 1, b"x" * 60)
        for _ in range(20):
            await log.append("loud", 1, b"y" * 60)
        assert _frames(await log.after("quiet", 1, 0)) == [b"x" * 60]

    async def test_forgets_one_session(self, make_log: MakeEventLog) -> None:
        log = make_log(*ROOMY)
        await log.append("s", 1, b"a")
        await log.append("t", 1, b"b")
        await log.forget("s")
        await log.forget("nobody")
        assert await log.after("s", 1, 1) is None
        assert _frames(await log.after("t", 1, 0)) == [b"b"]
