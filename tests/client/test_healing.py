"""What a session does about what goes wrong: deadlines, losses, repeats; servers that misbehave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from zcp_kernel._core.client import catalogue, healing
from zcp_kernel.client import DEFAULT_TIMEOUT, ZCPClientSession, session_over
from zcp_kernel.errors import (
    ConnectionLost,
    DeadlineExceeded,
    RateLimited,
    RemoteError,
    SessionLost,
)
from zcp_kernel.jsontext import dumps

from .conftest import SILENCE
from .eras import Exchanges, described, gone, handshake, legacy, lost, mcp, modern

pytestmark = pytest.mark.anyio

Connect = Callable[..., Awaitable[ZCPClientSession]]
DONE = {"content": []}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(healing, "REPEAT_SECONDS", 0.0)
    monkeypatch.setattr(healing, "REJOIN_SECONDS", (0.0, 0.0, 0.0))


@pytest.fixture
async def connect(anyio_backend: str) -> AsyncIterator[Connect]:
    made: list[ZCPClientSession] = []

    async def one(server: Any, **options: Any) -> ZCPClientSession:
        client = session_over(server.connect, **{"dialects": mcp(), **options})
        made.append(client)
        await client.initialize()
        await client.initialized()
        return client

    yield one
    for client in made:
        await client.close()


def with_session(**answers: Any) -> Exchanges:
    return Exchanges(**{"initialize": handshake(), "ping": {}, **answers})


def stateless(**answers: Any) -> Exchanges:
    return Exchanges(**{"server/discover": described(), **answers})


def first(*answers: Any) -> Callable[[Any], Any]:
    """One answer after the other, the last for ever."""
    waiting = list(answers)

    def answer(params: Any) -> Any:
        this = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return this(params) if callable(this) else this

    return answer


# -- one exchange fails alone ----------------------------------------------------------------------


async def test_a_lost_exchange_fails_its_own_call_only(connect: Connect) -> None:
    server = stateless(**{"tools/call": first(lost(retryable=False), DONE)})
    client = await connect(server)
    with pytest.raises(ConnectionLost, match="cut") as caught:
        await client.call_tool("x")
    assert not caught.value.retryable
    assert await client.call_tool("x") == {**DONE, "isError": False}
    assert server.connections == 1


async def test_what_never_arrived_is_sent_again(connect: Connect) -> None:
    server = stateless(**{"tools/call": first(lost(retryable=True), DONE)})
    client = await connect(server)
    await client.call_tool("x")
    assert len(server.asked("tools/call")) == 2


async def test_an_idempotent_call_is_sent_again_once(connect: Connect) -> None:
    server = stateless(**{"tools/call": lost(retryable=False)})
    client = await connect(server)
    with pytest.raises(ConnectionLost) as caught:
        await client.call_tool("x", idempotent=True)
    assert caught.value.retryable
    assert len(server.asked("tools/call")) == 2


async def test_a_response_without_the_answer(connect: Connect) -> None:
    class Mute(Exchanges):
        async def exchange(self, frame: bytes, headers: Any, deliver: Any) -> None:
            if b"tools/call" not in frame:
                await super().exchange(frame, headers, deliver)
            elif b"wrong" in frame:
                deliver(dumps({"jsonrpc": "2.0", "id": 99, "result": DONE}))
            elif b"garbage" in frame:
                deliver(b"<html>")
            elif b"os" in frame:
                raise ConnectionResetError("peer reset")

    client = await connect(Mute(**{"server/discover": described()}))
    for name in ("nothing", "wrong", "garbage"):
        with pytest.raises(ConnectionLost, match="without the answer") as caught:
            await client.call_tool(name)
        assert not caught.value.retryable
    with pytest.raises(ConnectionLost, match="peer reset"):
        await client.call_tool("os")
    assert await client.ping() == {"ok": True}


async def test_an_answer_stands_however_the_exchange_ends(connect: Connect) -> None:
    class Abrupt(Exchanges):
        async def exchange(self, frame: bytes, headers: Any, deliver: Any) -> None:
            await super().exchange(frame, headers, deliver)
            raise ConnectionLost("cut after the answer", retryable=False)

    client = await connect(Abrupt(**{"server/discover": described(), "tools/call": DONE}))
    assert await client.call_tool("x") == {**DONE, "isError": False}


async def test_many_at_once_and_one_that_fails(connect: Connect) -> None:
    async def call(params: Any) -> Any:
        await anyio.lowlevel.checkpoint()
        if params["arguments"]["n"] % 10 == 3:
            raise ConnectionLost("cut", retryable=False)
        return {"content": [], "structuredContent": params["arguments"]["n"]}

    client = await connect(stateless(**{"tools/call": call}))
    got: list[Any] = []
    failed: list[int] = []

    async def one(number: int) -> None:
        try:
            got.append((await client.call_tool("x", {"n": number}))["structuredContent"])
        except ConnectionLost:
            failed.append(number)

    async with anyio.create_task_group() as group:
        for number in range(500):
            group.start_soon(one, number)
    assert sorted(got) == [n for n in range(500) if n % 10 != 3]
    assert sorted(failed) == list(range(3, 500, 10))
    assert client.in_flight == {}


# -- a session the server forgot -------------------------------------------------------------------


async def test_a_forgotten_session_is_opened_anew(connect: Connect) -> None:
    server = with_session(
        **{
            "resources/subscribe": {},
            "logging/setLevel": {},
            "tools/call": first(gone, DONE),
        }
    )
    client = await connect(server)
    await client.subscribe_resource("x://a")
    await client.set_logging_level("error")
    server.got.clear()
    assert await client.call_tool("x") == {**DONE, "isError": False}
    assert server.methods() == [
        "tools/call",
        "initialize",
        "resources/subscribe",
        "logging/setLevel",
        "tools/call",
    ]
    assert server.connections == 2
    await anyio.wait_all_tasks_blocked()
    assert server.closed == 1


async def test_a_session_that_is_forgotten_every_time(connect: Connect) -> None:
    server = with_session(**{"tools/call": gone})
    client = await connect(server)
    with pytest.raises(SessionLost):
        await client.call_tool("x")
    assert len(server.asked("tools/call")) == 2
    assert await client.ping() == {"ok": True}


async def test_a_session_forgotten_while_it_is_restored(connect: Connect) -> None:
    server = with_session(**{"resources/subscribe": first({}, gone), "tools/call": gone})
    client = await connect(server)
    await client.subscribe_resource("x://a")
    with anyio.fail_after(5), pytest.raises(SessionLost):
        await client.call_tool("x")
    assert len(server.asked("resources/subscribe")) == 2


async def test_many_calls_of_a_forgotten_session_open_one_anew(connect: Connect) -> None:
    state = {"forgotten": True}
    server = with_session()

    async def call(params: Any) -> Any:
        await anyio.lowlevel.checkpoint()
        if state["forgotten"]:
            raise SessionLost("404")
        return DONE

    def initialize(params: Any) -> Any:
        state["forgotten"] = len(server.asked("initialize")) < 2
        return handshake()(params)

    server.answers.update({"tools/call": call, "initialize": initialize})
    client = await connect(server)
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(client.call_tool, "x")
    assert len(server.asked("initialize")) == 2


async def test_calls_under_way_end_on_the_old_session(connect: Connect) -> None:
    release = anyio.Event()

    async def slow(params: Any) -> Any:
        await release.wait()
        return DONE

    server = with_session(**{"tools/call": first(slow, gone, DONE)})
    client = await connect(server)
    results: list[Any] = []

    async def call() -> None:
        results.append(await client.call_tool("x"))

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        await call()
        assert (server.connections, server.closed) == (2, 0)
        release.set()
    assert len(results) == 2
    await anyio.wait_all_tasks_blocked()
    assert server.closed == 1


# -- a server that cannot be reached, or wants less ------------------------------------------------


async def test_a_pipe_that_cannot_be_opened_at_once(connect: Connect) -> None:
    server = legacy(ping={})
    failures = iter([True, True, False])

    @asynccontextmanager
    async def open_pipe() -> AsyncIterator[Any]:
        if server.connections and next(failures):
            raise ConnectionLost("still starting")
        async with server.connect() as channel:
            yield channel

    client = session_over(open_pipe, dialects=mcp())
    await client.initialize()
    await server.hang_up()
    await anyio.wait_all_tasks_blocked()
    assert await client.ping() == {"ok": True}
    await client.close()


async def test_everybody_who_waits_for_a_connection_hears_of_its_failure() -> None:
    tries: list[int] = []

    @asynccontextmanager
    async def unreachable() -> AsyncIterator[Any]:
        tries.append(1)
        await anyio.sleep(0.01)
        raise ConnectionLost("refused")
        yield

    client = session_over(unreachable, dialects=mcp())

    async def ping() -> None:
        with pytest.raises(ConnectionLost, match="refused"):
            await client.ping()

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(ping)
    assert len(tries) == 1
    await client.close()


def limited(seconds: float | None) -> Callable[[Any], Any]:
    def answer(params: Any) -> Any:
        raise RateLimited("HTTP 429", retry_after=seconds)

    return answer


async def test_a_server_that_wants_a_short_pause_gets_it(connect: Connect) -> None:
    server = stateless(**{"tools/call": first(limited(0.0), DONE)})
    client = await connect(server)
    assert await client.call_tool("x") == {**DONE, "isError": False}


@pytest.mark.parametrize("seconds", [None, healing.LONGEST_WAIT + 1, -1])
async def test_a_server_that_wants_a_long_pause_is_told_of(
    connect: Connect, seconds: float | None
) -> None:
    server = stateless(**{"tools/call": limited(seconds)})
    client = await connect(server)
    with pytest.raises(RateLimited) as caught:
        await client.call_tool("x")
    assert caught.value.retry_after == seconds
    assert len(server.asked("tools/call")) == 1


async def test_a_server_that_wants_pauses_without_end(connect: Connect) -> None:
    server = stateless(**{"tools/call": limited(0.0)})
    client = await connect(server)
    with pytest.raises(RateLimited):
        await client.call_tool("x")
    assert len(server.asked("tools/call")) == 2


# -- deadlines -------------------------------------------------------------------------------------


async def test_progress_may_put_the_deadline_off(connect: Connect) -> None:
    server = modern(**{"tools/call": SILENCE})
    client = await connect(server)

    async def report() -> None:
        await anyio.wait_all_tasks_blocked()
        request = next(m for m in server.got if m["method"] == "tools/call")
        token = request["params"]["_meta"]["progressToken"]
        for step in range(8):
            await anyio.sleep(0.2)
            params = {"progressToken": token, "progress": step}
            await server.say({"method": "notifications/progress", "params": params})
        await server.say({"id": request["id"], "result": DONE})

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(report)
            await client.call_tool("x", timeout=1.0, reset_timeout_on_progress=True)


async def test_but_not_for_ever(connect: Connect) -> None:
    server = modern(**{"tools/call": SILENCE})
    client = await connect(server)

    async def report() -> None:
        await anyio.wait_all_tasks_blocked()
        request = next(m for m in server.got if m["method"] == "tools/call")
        token = request["params"]["_meta"]["progressToken"]
        while True:
            await anyio.sleep(0.01)
            params = {"progressToken": token, "progress": 1}
            await server.say({"method": "notifications/progress", "params": params})

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(report)
            with pytest.raises(DeadlineExceeded, match=r"within 0.2 s"):
                await client.call_tool(
                    "x", timeout=5, reset_timeout_on_progress=True, max_timeout=0.2
                )
            group.cancel_scope.cancel()


async def test_every_request_has_a_deadline_unless_told_otherwise(connect: Connect) -> None:
    client = await connect(modern())
    assert client._deadline(None).seconds == DEFAULT_TIMEOUT
    assert client._deadline(inf).seconds == inf
    assert (await connect(modern(), timeout=None))._deadline(None).seconds == inf


# -- servers that misbehave ------------------------------------------------------------------------


async def test_pages_without_end(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "MOST_PAGES", 20)
    numbers = iter(range(1000))
    server = modern(
        **{"tools/list": lambda params: {"tools": [], "nextCursor": str(next(numbers))}}
    )
    client = await connect(server)
    with pytest.raises(RemoteError, match="more than 20 pages"):
        await client.list_tools()
    assert len(server.asked("tools/list")) == 21


async def test_pages_that_go_round(connect: Connect) -> None:
    server = modern(**{"tools/list": {"tools": [], "nextCursor": ""}})
    client = await connect(server)
    with pytest.raises(RemoteError, match="round in circles"):
        await client.list_tools()
    assert len(server.asked("tools/list")) == 2


GARBAGE = [
    b"",
    b"nonsense",
    b"\xff\xfe",
    b"[]",
    b"null",
    b"[[[[1]]]]",
    b'{"jsonrpc":"2.0","id":1}',
    b'{"jsonrpc":"2.0","method":7}',
    b'{"jsonrpc":"2.0","id":true,"result":{}}',
    b'{"jsonrpc":"2.0","id":1.5,"result":{}}',
    b'{"jsonrpc":"2.0","id":"2","error":{"code":1,"message":"x"}}',
    b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}',
    b'{"jsonrpc":"2.0","method":"notifications/progress","params":[1]}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
    b'{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}}',
    b'{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":3}}',
    b'{"jsonrpc":"2.0","id":{},"method":"ping"}',
    b"[" * 3000,
]


@pytest.mark.parametrize("make", [modern, legacy])
async def test_garbage_hurts_nobody(connect: Connect, make: Any) -> None:
    server = make(**{"tools/call": SILENCE, "ping": {}})
    client = await connect(server, notification_handler=lambda method, params: None)
    results: list[Any] = []

    async def call() -> None:
        results.append(await client.call_tool("x"))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            assert server.channel is not None
            for frame in GARBAGE:
                await server.channel.send(frame)
            number = next(m["id"] for m in server.got if m["method"] == "tools/call")
            await server.say({"id": number, "result": DONE})
    assert results == [{**DONE, "isError": False}]
    assert await client.ping() == {"ok": True}


@pytest.mark.parametrize("result", [None, 3, "x", [], {"content": 3}, {"content": [{"type": 1}]}])
async def test_results_nobody_can_read(connect: Connect, result: Any) -> None:
    client = await connect(modern(**{"tools/call": result}))
    with pytest.raises(RemoteError, match="answer to tools/call"):
        await client.call_tool("x")
    assert await client.ping() == {"ok": True}


@pytest.mark.parametrize("error", [None, 3, "no", [], {}, {"code": "x"}, {"message": 3}])
async def test_errors_nobody_can_read(connect: Connect, error: Any) -> None:
    server = modern(**{"tools/call": SILENCE})
    client = await connect(server)

    async def answer() -> None:
        await anyio.wait_all_tasks_blocked()
        number = next(m["id"] for m in server.got if m["method"] == "tools/call")
        await server.say({"id": number, "error": error})

    async with anyio.create_task_group() as group:
        group.start_soon(answer)
        with pytest.raises(RemoteError):
            await client.call_tool("x")


# -- closing ---------------------------------------------------------------------------------------


async def test_closing_from_another_task_ends_exchanges(connect: Connect) -> None:
    server = stateless(**{"tools/call": lambda params: anyio.sleep_forever()})
    client = await connect(server)

    async def call() -> None:
        with pytest.raises(ConnectionLost):
            await client.call_tool("x", idempotent=True)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(client.close)
    assert server.cancelled == ["tools/call"] * 20
    assert server.closed == 1
