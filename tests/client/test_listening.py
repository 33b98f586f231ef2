"""Hearing of changes from a server that keeps no session (MCP 2026-07-28,
basic/patterns/subscriptions)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel._core.client import listening
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ConnectionLost, NotFound, RemoteError
from zcp_transport_http.client.clients import streamable_http_client
from zcp_transport_http.client.inprocess import streamable_http_server
from zcp_transport_stdio.client import stdio_client
from zcp_transport_stdio.inprocess import stdio_server

from .conftest import SILENCE, RefusalError
from .eras import META, MODERN, Server, described, mcp, modern, until

pytestmark = pytest.mark.anyio

Connect = Callable[..., Awaitable[ZCPClientSession]]
CHANGES = {"tools": {"listChanged": True}, "prompts": {"listChanged": True}, "resources": {}}


@pytest.fixture
async def connect(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    monkeypatch.setattr(listening, "PAUSES", (0.0, 0.01))
    made: list[ZCPClientSession] = []

    async def one(server: Server, **options: Any) -> ZCPClientSession:
        client = session_over(server.connect, **{"dialects": mcp(), **options})
        made.append(client)
        await client.initialize()
        await client.initialized()
        return client

    yield one
    for client in made:
        await client.close()


class Telling(Server):
    """Acknowledges what it is asked to tell, and tells it when told to."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(**{"server/discover": described(**CHANGES), **answers})
        self.answers.setdefault("subscriptions/listen", SILENCE)
        self.refuses: set[str] = set()

    async def _answer(self, message: dict[str, Any]) -> None:
        if message["method"] == "subscriptions/listen" and (
            self.answers["subscriptions/listen"] is SILENCE
        ):
            wanted = dict(message["params"]["notifications"])
            if "resourceSubscriptions" in wanted:
                wanted["resourceSubscriptions"] = [
                    uri for uri in wanted["resourceSubscriptions"] if uri not in self.refuses
                ]
            await self.tell(
                message["id"], "notifications/subscriptions/acknowledged", notifications=wanted
            )
        await super()._answer(message)

    async def tell(self, number: Any, method: str, **params: Any) -> None:
        meta = {META + "subscriptionId": number}
        await self.say({"method": method, "params": {**params, "_meta": meta}})

    @property
    def streams(self) -> list[Any]:
        return [m["id"] for m in self.got if m.get("method") == "subscriptions/listen"]

    @property
    def wanted(self) -> list[Any]:
        return [params["notifications"] for params in self.asked("subscriptions/listen")]


async def settled() -> None:
    await anyio.wait_all_tasks_blocked()
    await anyio.sleep(0.03)
    await anyio.wait_all_tasks_blocked()


async def test_what_the_server_declares_is_followed(connect: Connect) -> None:
    server, heard = Telling(), []
    await connect(server, notification_handler=lambda method, params: heard.append(method))
    assert server.wanted == [{"toolsListChanged": True, "promptsListChanged": True}]
    await server.tell(server.streams[0], "notifications/tools/list_changed")
    await settled()
    assert heard == ["notifications/tools/list_changed"]


async def test_nothing_is_followed_for_nobody(connect: Connect) -> None:
    server = Telling()
    await connect(server)
    assert server.streams == []
    silent = Telling(**{"server/discover": described()})
    await connect(silent, notification_handler=lambda method, params: None)
    assert silent.streams == []


async def test_resources_are_followed_by_one_stream(connect: Connect) -> None:
    server = Telling()
    client = await connect(server)
    assert await client.subscribe_resource("x://a") == {}
    await client.subscribe_resource("x://b")
    await client.subscribe_resource("x://b")
    await client.unsubscribe_resource("x://a")
    await client.unsubscribe_resource("x://b")
    await settled()
    assert [w.get("resourceSubscriptions") for w in server.wanted] == [
        ["x://a"],
        ["x://a", "x://b"],
        ["x://b"],
    ]
    ended = [p["requestId"] for p in server.asked("notifications/cancelled")]
    assert ended == server.streams
    assert client.in_flight == {}


async def test_a_stream_that_was_replaced_is_not_heard_twice(connect: Connect) -> None:
    server, heard = Telling(**{"server/discover": described()}), []
    client = await connect(server, notification_handler=lambda m, params: heard.append(params))
    await client.subscribe_resource("x://a")
    await client.subscribe_resource("x://b")
    for number in server.streams:
        await server.tell(number, "notifications/resources/updated", uri="x://a")
    await server.say({"method": "notifications/resources/updated", "params": {"uri": "x://c"}})
    await settled()
    assert [params["uri"] for params in heard] == ["x://a", "x://c"]


async def test_what_the_server_does_not_agree_to_is_an_error(connect: Connect) -> None:
    server = Telling()
    server.refuses = {"x://no"}
    client = await connect(server)
    with pytest.raises(NotFound, match="x://no"):
        await client.subscribe_resource("x://no")
    await client.subscribe_resource("x://yes")
    assert server.wanted[-1] == {"resourceSubscriptions": ["x://yes"]}


async def test_a_server_without_subscriptions(connect: Connect) -> None:
    client = await connect(modern())
    with pytest.raises(RemoteError, match="method not found"):
        await client.subscribe_resource("x://a")
    assert await client.ping() == {"ok": True}


async def test_a_server_that_never_acknowledges(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcp_kernel._core.client.session.ACKNOWLEDGE_SECONDS", 0.02)
    server = modern(**{"subscriptions/listen": SILENCE})
    client = await connect(server)
    with pytest.raises(ConnectionLost, match="does not acknowledge"):
        await client.subscribe_resource("x://a")
    await settled()
    assert client.in_flight == {}


@pytest.mark.parametrize("how", ["result", "cancelled", "error"])
async def test_a_stream_that_ends_is_opened_again(connect: Connect, how: str) -> None:
    server, heard = Telling(), []
    client = await connect(server, notification_handler=lambda method, params: heard.append(method))
    await client.subscribe_resource("x://a")
    await settled()
    number = server.streams[-1]
    if how == "result":
        await server.say({"id": number, "result": {"resultType": "complete"}})
    elif how == "error":
        await server.say({"id": number, "error": {"code": -32603, "message": "restart"}})
    else:
        await server.say({"method": "notifications/cancelled", "params": {"requestId": number}})
    await until(lambda: server.streams[-1] != number)
    await settled()
    assert server.wanted[-1]["resourceSubscriptions"] == ["x://a"]
    await server.tell(server.streams[-1], "notifications/resources/updated", uri="x://a")
    await settled()
    assert heard.count("notifications/resources/updated") == 1


async def test_a_gap_empties_the_cache(connect: Connect) -> None:
    listed = {"tools": [], "ttlMs": 60_000, "cacheScope": "private", "resultType": "complete"}
    server = Telling(**{"tools/list": listed})
    client = await connect(server, notification_handler=lambda method, params: None)
    await client.list_tools()
    await client.list_tools()
    assert len(server.asked("tools/list")) == 1
    number = server.streams[-1]
    await server.say({"id": number, "result": {}})
    await until(lambda: server.streams[-1] != number)
    await settled()
    await client.list_tools()
    assert len(server.asked("tools/list")) == 2


async def test_a_new_connection_is_told_what_to_follow(connect: Connect) -> None:
    server = Telling()
    client = await connect(server)
    await client.subscribe_resource("x://a")
    await server.hang_up()
    await settled()
    await client.ping()
    assert server.connections == 2
    assert server.wanted == [{"resourceSubscriptions": ["x://a"]}] * 2


async def test_a_refused_stream_does_not_spoil_the_session(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(params: Any) -> Any:
        raise RefusalError(-32601, "no such thing")

    server = Telling(**{"subscriptions/listen": refuse})
    client = await connect(server, notification_handler=lambda method, params: None)
    assert await client.ping() == {"ok": True}
    assert any("will not be told of" in r.getMessage() for r in caplog.records)


# -- a real server ---------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_a_real_server_tells(transport: str) -> None:
    app, heard = FastZCP("Changing"), []

    @app.resource("x://a", name="a")
    def a() -> str:
        return "text"

    @app.tool(name="change")
    def change() -> str:
        app.tool(name="grown")(lambda: "x")
        app.notify_resource_updated("x://a")
        app.notify_resource_updated("x://b")
        return "ok"

    def handler(method: str, params: Any) -> None:
        heard.append((method, params.get("uri")))

    options: dict[str, Any] = {"revision": MODERN, "notification_handler": handler}
    if transport == "stdio":
        client = stdio_client(stdio_server(app), **options)
    else:
        client = streamable_http_client(streamable_http_server(app), **options)
    async with client:
        with anyio.fail_after(10):
            await client.subscribe_resource("x://a")
            with pytest.raises(NotFound):
                await client.subscribe_resource("x://nope")
            await client.call_tool("change")
            await until(lambda: len(heard) == 2)
    assert sorted(heard, key=str) == [
        ("notifications/resources/updated", "x://a"),
        ("notifications/tools/list_changed", None),
    ]
