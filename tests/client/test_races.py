"""What may happen at the worst moment: a session closed while it reconnects, a caller that gives up
while it is readied for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from zcp_kernel._core.client import healing
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ConnectionLost, DeadlineExceeded, RateLimited, RequestCancelled

from .conftest import SILENCE
from .eras import Exchanges, Server, handshake, legacy, mcp, until

pytestmark = pytest.mark.anyio

AGES = 3600.0


class Failures(list[Exception]):
    """Of calls made in the background."""

    async def of(self, call: Callable[[], Any]) -> None:
        try:
            await call()
        except Exception as error:
            self.append(error)


class Doors:
    """A server whose connections open and close only when let."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.waiting = 0
        self.leaving = 0
        self.open_ = anyio.Event()
        self.left = anyio.Event()
        self.fails = False
        self.open_.set()
        self.left.set()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Any]:
        self.waiting += 1
        await self.open_.wait()
        if self.fails:
            raise ConnectionLost("nobody is there")
        async with self.server.connect() as channel:
            try:
                yield channel
            finally:
                self.leaving += 1
                with anyio.CancelScope(shield=True):
                    await self.left.wait()


def session(server: Any, **options: Any) -> ZCPClientSession:
    return session_over(server.connect, dialects=mcp(), revision="2025-11-25", **options)


async def lost(server: Server) -> None:
    await server.hang_up()
    await anyio.wait_all_tasks_blocked()


# -- closed meanwhile ------------------------------------------------------------------------------


async def test_closed_in_the_pause_before_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays closed, and whoever waits is told at once."""
    monkeypatch.setattr(healing, "REJOIN_SECONDS", (AGES, AGES))
    doors, failures = Doors(server := legacy(ping={})), Failures()
    client = session(doors)
    with anyio.fail_after(5):
        await client.ping()
        await lost(server)
        doors.fails = True
        async with anyio.create_task_group() as group:
            group.start_soon(failures.of, client.ping)
            await until(lambda: doors.waiting == 2)
            await anyio.wait_all_tasks_blocked()
            doors.fails = False
            await client.close()
    (error,) = failures
    assert isinstance(error, ConnectionLost)
    assert "closed" in str(error)
    assert (doors.waiting, server.connections, server.left) == (2, 1, 1)
    with pytest.raises(ConnectionLost, match="closed"):
        await client.ping()


async def test_closed_while_the_lost_connection_is_cleared_away() -> None:
    doors, failures = Doors(server := legacy(ping={})), Failures()
    client = session(doors)
    with anyio.fail_after(5):
        await client.ping()
        doors.left = anyio.Event()
        await lost(server)
        async with anyio.create_task_group() as group:
            group.start_soon(failures.of, client.ping)
            group.start_soon(failures.of, client.ping)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(client.close)
            await anyio.wait_all_tasks_blocked()
            doors.left.set()
    assert [type(error) for error in failures] == [ConnectionLost] * 2
    assert (doors.waiting, server.connections, server.left) == (1, 1, 1)


@pytest.mark.parametrize("many", [1, 20])
async def test_closed_while_it_connects(many: int) -> None:
    doors, failures = Doors(server := legacy(ping={})), Failures()
    client = session(doors)
    doors.open_ = anyio.Event()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for _ in range(many):
                group.start_soon(failures.of, client.ping)
            await until(lambda: doors.waiting == 1)
            group.start_soon(client.close)
            group.start_soon(client.close)
            await anyio.wait_all_tasks_blocked()
            doors.open_.set()
    assert [type(error) for error in failures] == [ConnectionLost] * many
    assert server.connections == server.left
    assert doors.waiting == 1


async def test_closed_between_two_ways_to_ask() -> None:
    """The server dies of the first question, and the session is closed before it is asked again."""
    doors, failures = Doors(server := legacy()), Failures()
    client = session_over(doors.connect, dialects=mcp())
    doors.left = anyio.Event()

    async def die(params: Any) -> Any:
        await server.hang_up()
        return SILENCE

    server.answers["server/discover"] = die
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(failures.of, client.initialize)
            await until(lambda: doors.leaving == 1)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(client.close)
            await anyio.wait_all_tasks_blocked()
            doors.left.set()
    assert [type(error) for error in failures] == [ConnectionLost]
    assert (server.connections, server.left) == (1, 1)


async def test_closed_in_the_pause_before_a_call_is_sent_again() -> None:
    def slowly(params: Any) -> Any:
        raise RateLimited("slowly", retry_after=9.0)

    server, failures = Exchanges(initialize=handshake(), ping=slowly), Failures()
    client = session(server)
    with anyio.fail_after(5):
        await client.initialize()
        async with anyio.create_task_group() as group:
            group.start_soon(failures.of, client.ping)
            await until(lambda: "ping" in server.methods())
            await anyio.wait_all_tasks_blocked()
            await client.close()
    assert "closed" in str(failures[0])
    assert server.methods().count("ping") == 1


async def test_closed_and_opened_again_at_once() -> None:
    doors, failures = Doors(server := legacy(ping={})), Failures()
    client = session(doors)
    with anyio.fail_after(5):
        await client.ping()
        async with anyio.create_task_group() as group:
            group.start_soon(client.close)
            group.start_soon(failures.of, client.initialize)
        await client.initialize()
        assert await client.ping() == {"ok": True}
        await client.close()
    assert server.connections == server.left


# -- given up meanwhile ----------------------------------------------------------------------------


async def test_who_gives_up_waiting_for_a_connection_leaves_it_to_the_others() -> None:
    doors, failures = Doors(server := legacy(ping={})), Failures()
    client = session(doors)
    doors.open_ = anyio.Event()
    got: list[Any] = []

    async def ping() -> None:
        got.append(await client.ping())

    async with anyio.create_task_group() as group:
        with anyio.fail_after(5):
            with anyio.CancelScope() as impatient:
                async with anyio.create_task_group() as inner:
                    inner.start_soon(failures.of, client.ping)
                    await until(lambda: doors.waiting == 1)
                    for _ in range(5):
                        group.start_soon(ping)
                    await anyio.wait_all_tasks_blocked()
                    impatient.cancel()
            doors.open_.set()
            await until(lambda: len(got) == 5)
    assert failures == []
    assert server.connections == 1
    await client.close()


async def test_who_gives_up_while_things_are_restored_leaves_that_to_the_next() -> None:
    server = legacy(ping={}, **{"resources/subscribe": {}})
    client = session(server)
    with anyio.fail_after(5):
        await client.subscribe_resource("x://a")
        await lost(server)
        server.answers["resources/subscribe"] = SILENCE
        with pytest.raises(DeadlineExceeded):
            await client.call_tool("x", timeout=0.05)
        server.answers["resources/subscribe"] = {}
        await client.ping()
        await client.close()
    assert server.connections == 2
    assert server.asked("resources/subscribe") == [{"uri": "x://a"}] * 3


async def test_who_gives_up_before_the_session_is_announced_leaves_that_to_the_next() -> None:
    class Hesitant(Exchanges):
        def __init__(self, **answers: Any) -> None:
            super().__init__(**answers)
            self.lets = anyio.Event()

        async def send(self, frame: bytes) -> None:
            await self.lets.wait()
            await super().send(frame)

    server = Hesitant(initialize=handshake(), ping={})
    client = session(server)
    with anyio.fail_after(5):
        with pytest.raises(DeadlineExceeded):
            await client.call_tool("x", timeout=0.05)
        server.lets.set()
        await client.ping()
        await client.close()
    assert [message["method"] for message in server.sent] == ["notifications/initialized"]


async def test_a_call_cancelled_in_its_second_try_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(healing, "REPEAT_SECONDS", 0.0)
    tries = 0

    async def call(params: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConnectionLost("cut", retryable=True)
        await anyio.sleep_forever()

    server, failures = (
        Exchanges(initialize=handshake(), ping={}, **{"tools/call": call}),
        Failures(),
    )
    client = session(server)
    with anyio.fail_after(5):
        await client.initialize()
        async with anyio.create_task_group() as group:
            group.start_soon(failures.of, lambda: client.call_tool("x"))
            await until(lambda: tries == 2)
            await anyio.wait_all_tasks_blocked()
            (number,) = client.in_flight
            assert client.cancel(number)
        assert isinstance(failures[0], RequestCancelled)
        assert client.in_flight == {}
        assert server.cancelled == ["tools/call"]
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "x")
                await until(lambda: tries == 3)
                scope.cancel()
        assert client.in_flight == {}
        assert await client.ping() == {"ok": True}
        await client.close()
    assert tries == 3
    assert [message["method"] for message in server.sent[1:]] == ["notifications/cancelled"] * 2


async def test_a_call_cancelled_while_it_reconnects_leaves_a_session_that_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(healing, "REJOIN_SECONDS", (AGES,))
    doors = Doors(server := legacy(ping={}))
    client = session(doors)
    with anyio.fail_after(5):
        await client.ping()
        await lost(server)
        doors.fails = True
        for _ in range(3):
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:
                    before = doors.waiting
                    group.start_soon(client.ping)
                    await until(lambda: doors.waiting > before)  # noqa: B023
                    await anyio.wait_all_tasks_blocked()
                    scope.cancel()
        doors.fails = False
        assert await client.ping() == {"ok": True}
        await client.close()
    assert (server.connections, server.left) == (2, 2)


async def test_hundreds_meet_one_reconnection() -> None:
    doors = Doors(server := legacy(ping={}))
    client = session(doors)
    got: list[Any] = []

    async def ping() -> None:
        got.append(await client.ping())

    with anyio.fail_after(10):
        await client.ping()
        await lost(server)
        async with anyio.create_task_group() as group:
            for _ in range(300):
                group.start_soon(ping)
        assert got == [{"ok": True}] * 300
        await client.close()
    assert doors.waiting == 2
    assert server.methods().count("notifications/initialized") == 2


async def test_a_server_that_goes_just_as_a_frame_is_handed_over() -> None:
    """Told as what it is, and the next call connects anew."""
    server = legacy(ping={})

    @asynccontextmanager
    async def connect() -> AsyncIterator[Any]:
        async with server.connect() as channel:
            channel.send_now = send_now  # type: ignore[method-assign]
            yield channel

    def send_now(frame: bytes) -> bool:
        if b"tools/call" in frame:
            raise anyio.BrokenResourceError
        return False

    client = session_over(connect, dialects=mcp(), revision="2025-11-25")
    with anyio.fail_after(5):
        await client.ping()
        with pytest.raises(ConnectionLost, match="tools/call: the server ended"):
            await client.call_tool("x")
        assert client.in_flight == {}
        assert await client.ping() == {"ok": True}
        await client.close()
