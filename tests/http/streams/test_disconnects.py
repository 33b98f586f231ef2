"""Clients that vanish, and streams that cannot be written to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest
from asgi import Client, served
from zcp_kernel.model import ToolListChanged
from zcp_transport_http.endpoints.watch import Watch
from zcp_transport_http.events.response import EventResponse

from .kitchen import Kitchen, until

pytestmark = pytest.mark.anyio
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
HEADERS = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "wait",
}


async def vanish(client: Client, call: Any, when: Callable[[], Any]) -> None:
    """Post, and close the connection as soon as `when()` holds."""

    async def post() -> None:
        await client.post(call)

    async with anyio.create_task_group() as group:
        group.start_soon(post)
        await until(when)
        group.cancel_scope.cancel()


def _is_as_long(names: list[Any], number: int) -> bool:
    return len(names) == number


@pytest.mark.parametrize("token", [None, 1], ids=["json", "stream"])
async def test_with_a_session_the_call_goes_on(token: int | None) -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        meta = {} if token is None else {"progressToken": token}
        call = client.call("tools/call", {"name": "wait", "arguments": {"name": "stew"}}, **meta)
        await vanish(client, call, lambda: kitchen.begun)
        await anyio.sleep(0.12)
        assert kitchen.cancelled == []
        kitchen.go.set()
        await until(lambda: kitchen.ended == ["stew"])


@pytest.mark.parametrize("token", [None, 1], ids=["json", "stream"])
async def test_without_one_the_call_is_cancelled(token: int | None) -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        meta = {} if token is None else {"progressToken": token}
        params = {"name": "wait", "arguments": {"name": "stew"}}
        native, modern = service.client("/zcp"), service.client(**HEADERS)
        calls = [
            (native, native.call("tools/call", params, **meta)),
            (modern, modern.call("tools/call", params, **MODERN, **meta)),
        ]
        for number, (client, call) in enumerate(calls, 1):
            await vanish(client, call, partial(_is_as_long, kitchen.begun, number))
            await until(partial(_is_as_long, kitchen.cancelled, number))
        assert kitchen.ended == []


async def test_a_vanished_listener_is_noticed() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        async with client.open("GET") as stream:
            await stream.event()
            assert service.sessions.stats()["streams"] == 1
        await until(lambda: service.sessions.stats()["streams"] == 0)


async def test_quick_calls_are_not_watched() -> None:
    class Spy(Watch):
        watched = 0

        def add(self, call: Any) -> None:
            super().add(call)
            Spy.watched += 1

        @property
        def waiting(self) -> int:
            return len(self._young)

    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        spy = Spy(service.kernel)
        endpoint: Any = service.endpoints.endpoint("/mcp")
        endpoint._shared.watch = spy
        client = await service.session()
        for _ in range(5):
            await client.post(client.tool("add", {"a": 1, "b": 1}))
        assert (Spy.watched, spy.waiting) == (5, 0)


async def test_a_client_that_takes_nothing_is_cut_off() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 2:
            await anyio.sleep_forever()

    response = EventResponse(send, stall_seconds=0.02)
    closed: list[bool] = []
    response.on_close = lambda: closed.append(True)
    await response.start()
    with anyio.fail_after(10):
        assert not await response.event(b"{}")
        assert not await response.event(b"{}")
        await response.end()
    assert (len(sent), closed, response.open) == (2, [True], False)


async def test_a_server_that_reports_the_loss_is_believed() -> None:
    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise OSError("gone")

    response = EventResponse(send)
    await response.start()
    assert not await response.event(b"{}")
    assert not response.open


async def test_a_writer_that_is_cancelled_leaves_whole_events() -> None:
    sent: list[Any] = []
    begun, go = anyio.Event(), anyio.Event()

    async def send(message: Any) -> None:
        begun.set()
        await go.wait()
        sent.append(message)

    response = EventResponse(send)
    async with anyio.create_task_group() as group:
        group.start_soon(response.event, b"{}")
        await begun.wait()
        group.cancel_scope.cancel()
        go.set()
    assert [message["body"] for message in sent] == [b"data: {}\n\n"]


async def test_a_thousand_open_streams_hear_a_broadcast() -> None:
    async with served(Kitchen().app) as service:
        heard: list[int] = []
        opened: list[int] = []

        async def listen(number: int) -> None:
            client = await service.session()
            async with client.open("GET") as stream:
                await stream.event()
                opened.append(number)
                message = await stream.message()
                assert message["method"] == "notifications/tools/list_changed"
                heard.append(number)

        async with anyio.create_task_group() as group:
            for number in range(1000):
                group.start_soon(listen, number)
            await until(lambda: len(opened) == 1000)
            assert heard == []
            service.kernel.broadcast(ToolListChanged())
        assert len(set(heard)) == 1000
