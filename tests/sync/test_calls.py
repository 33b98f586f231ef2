"""Calls that wait: from any thread, under any running loop, and after a close."""

import asyncio
import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.blocking import BlockingSession
from zcp_kernel.errors import ConnectionLost, NotFound, RemoteError, ZCPError
from zcp_transport_stdio import stdio_client

from .conftest import PATIENCE, Open, Waiter


def value(answer: dict[str, Any]) -> Any:
    return answer["structuredContent"]


def test_a_context_manager_opens_and_closes(connect: Open) -> None:
    with connect() as client:
        assert client.server_info["name"] == "Sync"
        assert client.protocol_version == "zcp/1"
        assert client.transport == "stdio"
        assert value(client.call_tool("add", {"a": 2, "b": 3})) == 5
    with pytest.raises(ConnectionLost, match="closed"):
        client.ping()


def test_without_one_the_first_call_opens(connect: Open) -> None:
    client = connect()
    assert (client.server_info, client.protocol_version, client.in_flight) == ({}, None, {})
    assert client.ping() == {"ok": True}
    assert client.protocol_version == "zcp/1"


def test_initialize_opens_again(connect: Open) -> None:
    client = connect()
    client.ping()
    client.close()
    client.close()
    assert client.initialize()["serverInfo"]["name"] == "Sync"
    assert client.ping() == {"ok": True}


def test_errors_are_those_of_the_async_session(connect: Open) -> None:
    with connect() as client:
        with pytest.raises((RemoteError, NotFound)) as caught:
            client.call_tool("nothing")
        assert isinstance(caught.value, ZCPError)
        assert client.call_tool("broken")["isError"] is True


def test_a_session_that_cannot_be_made_says_why_and_leaves_no_thread() -> None:
    before = threading.active_count()

    def fails(**_: Any) -> Any:
        raise OSError("no such server")

    client = BlockingSession(fails)
    with pytest.raises(OSError, match="no such server"), client:
        pass
    assert threading.active_count() <= before + 1  # the one that waits for the program's end


def test_threads_share_one_session(connect: Open) -> None:
    with connect() as client, ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(client.call_tool, "add", {"a": n, "b": 1}) for n in range(200)]
        assert [value(job.result(PATIENCE)) for job in jobs] == list(range(1, 201))


def test_the_first_calls_may_come_at_once(connect: Open) -> None:
    client = connect()
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(client.ping) for _ in range(8)]
        assert [answer.result(PATIENCE) for answer in answers] == [{"ok": True}] * 8


def test_it_works_where_a_loop_runs(connect: Open) -> None:
    """As in a notebook: its loop stands still for the time of the call."""

    async def cell() -> Any:
        with connect() as client:
            return value(client.call_tool("add", {"a": 2, "b": 2}))

    assert asyncio.run(cell()) == 4


def test_a_call_in_flight_is_seen_and_cancelled_from_another_thread(
    connect: Open, waiter: Waiter
) -> None:
    with connect() as client, ThreadPoolExecutor(1) as pool:
        job = pool.submit(client.call_tool, "wait")
        assert waiter.started.wait(PATIENCE)
        (request,) = client.in_flight
        assert client.in_flight[request] == "tools/call"
        assert client.cancel(request) is True
        with pytest.raises(ZCPError, match="cancelled"):
            job.result(PATIENCE)
        assert client.cancel(request) is False
        assert waiter.ended.wait(PATIENCE)


def test_closing_ends_the_calls_of_other_threads(connect: Open, waiter: Waiter) -> None:
    client = connect()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(client.call_tool, "wait")
        assert waiter.started.wait(PATIENCE)
        client.close()
        with pytest.raises(ConnectionLost):
            job.result(PATIENCE)


def test_a_session_nobody_holds_is_closed(app: FastZCP) -> None:
    before = set(threading.enumerate())
    client = BlockingSession(partial(stdio_client, app))
    client.ping()
    own = [each for each in threading.enumerate() if each.name == "zcp.sync" and each not in before]
    assert len(own) == 1
    left = [client]
    del client
    with pytest.warns(ResourceWarning, match="not closed"):
        let_go(left)
    own[0].join(PATIENCE)
    assert not own[0].is_alive()


def let_go(sessions: list[BlockingSession]) -> None:
    sessions.clear()
    gc.collect()


def refused_in_its_own_loop(call: Callable[[], Any]) -> Any:
    with pytest.raises(RuntimeError, match="make the hook a plain function"):
        call()
    return {"action": "decline"}


def test_an_async_hook_that_calls_the_session_is_told_so(connect: Open) -> None:
    """It would wait for itself."""

    async def hook(_: Any) -> Any:
        return refused_in_its_own_loop(client.ping)

    with connect(elicitation_handler=hook) as client:
        client.call_tool("who")


def test_an_async_hook_cannot_close_the_session_either(connect: Open) -> None:
    async def hook(_: Any) -> Any:
        return refused_in_its_own_loop(client.close)

    with connect(elicitation_handler=hook) as client:
        client.call_tool("who")
        assert client.ping() == {"ok": True}
