"""The event log in memory keeps its contract, and its bounds."""

from __future__ import annotations

import pytest
from zcp_kernel.testing.event_log import EventLogContract, MakeEventLog
from zcp_transport_http.events.memory import OVERHEAD, MemoryEventLog


class TestMemoryEventLog(EventLogContract):
    @pytest.fixture
    def make_log(self) -> MakeEventLog:
        def make(events: int, size: int) -> MemoryEventLog:
            # The contract counts frames alone.
            return MemoryEventLog(events, size + OVERHEAD)

        return make


@pytest.mark.anyio
async def test_counts_every_byte_and_frees_it() -> None:
    log = MemoryEventLog(max_events=4, max_bytes=5000, max_bytes_total=12_000)
    for session in "abcdefg":
        for stream in range(1, 5):
            for _ in range(6):
                await log.append(session, stream, b"x" * 100)
            await log.append(session, stream, b"y" * 300, last=True)
            assert log.bytes_held <= 12_000
    for session in "abcdefg":
        await log.forget(session)
    assert log.bytes_held == 0


@pytest.mark.anyio
async def test_the_longest_silent_session_pays_for_all() -> None:
    log = MemoryEventLog(max_events=100, max_bytes=1000, max_bytes_total=1000)
    await log.append("old", 1, b"x" * 300)
    await log.append("mid", 1, b"x" * 300)
    await log.append("old", 1, b"x" * 10)
    await log.append("new", 1, b"x" * 300)
    assert await log.after("mid", 1, 0) is None
    assert await log.after("old", 1, 0) is not None
    assert await log.after("new", 1, 0) is not None


@pytest.mark.anyio
async def test_ended_streams_are_kept_in_bounded_number() -> None:
    log = MemoryEventLog(max_streams=3)
    for stream in range(1, 6):
        await log.append("s", stream, b"answer", last=True)
    assert await log.after("s", 2, 0) is None
    assert await log.after("s", 3, 0) is not None
