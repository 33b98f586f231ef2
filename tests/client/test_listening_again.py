"""A server that was away: its changes are heard of again as soon as it is known to be back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel._core.client import healing, listening
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ConnectionLost, ExchangeRefused, RateLimited, RemoteError
from zcp_kernel.jsontext import dumps, loads

from .conftest import RefusalError
from .eras import META, Exchanges, described, mcp, until

pytestmark = pytest.mark.anyio

Connect = Callable[..., Awaitable[ZCPClientSession]]
AGES = 3600.0


class Restarting(Exchanges):
    """Acknowledges what it is to tell, and keeps the stream open while it is `up`."""

    def __init__(self, **answers: Any) -> None:
        described_ = described(tools={"listChanged": True})
        listed = {"tools": [], "resultType": "complete"}
        super().__init__(**{"server/discover": described_, "tools/list": listed, **answers})
        self.up = True
        self.breaks_streams = False
        self.down = anyio.Event()

    async def exchange(self, frame: bytes, headers: Any, deliver: Callable[[bytes], None]) -> None:
        message = loads(frame)
        listens = message["method"] == "subscriptions/listen"
        if not self.up or (listens and self.breaks_streams):
            self.got.append(message)
            raise ConnectionLost("nobody is there", retryable=True)
        if not listens or "subscriptions/listen" in self.answers:
            await super().exchange(frame, headers, deliver)
            return
        self.got.append(message)
        wanted = message["params"]["notifications"]
        told = {"notifications": wanted, "_meta": {META + "subscriptionId": message["id"]}}
        method = "notifications/subscriptions/acknowledged"
        deliver(dumps({"jsonrpc": "2.0", "method": method, "params": told}))
        await self.down.wait()
        raise ConnectionLost("cut", retryable=False)

    def stop(self) -> None:
        self.up = False
        self.down.set()
        self.down = anyio.Event()

    @property
    def streams(self) -> int:
        return self.methods().count("subscriptions/listen")


@pytest.fixture
async def connect(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    monkeypatch.setattr(listening, "PAUSES", (0.0, AGES))
    monkeypatch.setattr(healing, "REPEAT_SECONDS", 0.0)
    made: list[ZCPClientSession] = []

    async def one(server: Any, **options: Any) -> ZCPClientSession:
        options.setdefault("notification_handler", lambda method, params: None)
        client = session_over(server.connect, dialects=mcp(), **options)
        made.append(client)
        await client.initialize()
        await client.initialized()
        return client

    yield one
    for client in made:
        await client.close()


async def away(server: Restarting, client: ZCPClientSession) -> None:
    """The server goes, and is found to be gone by stream and calls alike."""
    before = server.streams
    server.stop()
    await until(lambda: server.streams > before)
    await anyio.wait_all_tasks_blocked()
    with pytest.raises(ConnectionLost):
        await client.list_tools()
    assert server.streams == before + 1


async def test_an_answered_call_ends_the_pause(connect: Connect) -> None:
    server = Restarting()
    client = await connect(server)
    await away(server, client)
    server.up = True
    await client.list_tools()
    await until(lambda: server.streams == 3)
    await anyio.wait_all_tasks_blocked()
    # And it is one stream that stands, as before.
    await client.list_tools()
    assert server.streams == 3
    assert list(client.in_flight.values()) == ["subscriptions/listen"]


async def test_an_error_is_an_answer_too(connect: Connect) -> None:
    def refuse(params: Any) -> Any:
        raise RefusalError(-32603, "no")

    server = Restarting(**{"prompts/list": refuse})
    client = await connect(server)
    await away(server, client)
    server.up = True
    with pytest.raises(RemoteError):
        await client.list_prompts()
    await until(lambda: server.streams == 3)


async def test_streams_that_always_break_are_not_opened_with_every_call(connect: Connect) -> None:
    server = Restarting()
    client = await connect(server)
    server.breaks_streams = True
    await away(server, client)
    server.up = True
    for _ in range(20):
        await client.list_tools()
        await anyio.wait_all_tasks_blocked()
    assert server.streams == 3


async def test_a_server_that_ends_its_streams_itself_is_left_its_pause(connect: Connect) -> None:
    server = Restarting()
    client = await connect(server)
    server.answers["subscriptions/listen"] = {"resultType": "complete"}
    server.down.set()
    await until(lambda: server.streams == 2)
    for _ in range(20):
        await client.list_tools()
        await anyio.wait_all_tasks_blocked()
    assert server.streams == 2


async def test_closing_in_the_pause_ends_it(connect: Connect) -> None:
    server = Restarting()
    client = await connect(server)
    await away(server, client)
    with anyio.fail_after(5):
        await client.close()
    assert server.connections == server.closed == 1


async def test_what_is_followed_meanwhile_is_followed_at_once(connect: Connect) -> None:
    server = Restarting()
    client = await connect(server)
    await away(server, client)
    server.up = True
    with anyio.fail_after(5):
        await client.subscribe_resource("x://a")
    assert server.asked("subscriptions/listen")[-1]["notifications"] == {
        "toolsListChanged": True,
        "resourceSubscriptions": ["x://a"],
    }
    await anyio.wait_all_tasks_blocked()
    assert list(client.in_flight.values()) == ["subscriptions/listen"]


# -- a stream that cannot be had when the session begins -------------------------------------------


@pytest.mark.parametrize("why", ["broken", "busy", "limited"])
async def test_a_first_stream_that_breaks_is_tried_again(connect: Connect, why: str) -> None:
    failures: dict[str, Exception] = {
        "broken": ConnectionLost("cut", retryable=False),
        "busy": ExchangeRefused("HTTP 503", status=503),
        "limited": RateLimited("slowly", retry_after=1),
    }

    def refuse(params: Any) -> Any:
        raise failures[why]

    server = Restarting(**{"subscriptions/listen": refuse})
    client = await connect(server)
    assert server.streams >= 1
    before = server.streams
    await anyio.wait_all_tasks_blocked()
    assert server.streams == before
    del server.answers["subscriptions/listen"]
    await client.list_tools()
    await until(lambda: server.streams == before + 1)
    await anyio.wait_all_tasks_blocked()
    assert list(client.in_flight.values()) == ["subscriptions/listen"]


@pytest.mark.parametrize("why", ["unknown", "gone", "silent"])
async def test_a_first_stream_that_is_refused_is_let_be(
    connect: Connect, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcp_kernel._core.client.session.ACKNOWLEDGE_SECONDS", 0.02)

    async def refuse(params: Any) -> Any:
        if why == "unknown":
            raise RefusalError(-32601, "method not found")
        if why == "gone":
            raise ExchangeRefused("HTTP 405", status=405)
        await anyio.sleep_forever()

    server = Restarting(**{"subscriptions/listen": refuse})
    client = await connect(server)
    before = server.streams
    for _ in range(3):
        await client.list_tools()
        await anyio.wait_all_tasks_blocked()
    assert server.streams == before
    assert client.in_flight == {}


async def test_trying_again_ends_when_there_is_nothing_to_follow_any_more(
    connect: Connect,
) -> None:
    server = Restarting()
    server.breaks_streams = True
    client = await connect(server, notification_handler=None)
    with pytest.raises(ConnectionLost):
        await client.subscribe_resource("x://a")
    await anyio.wait_all_tasks_blocked()
    assert client.in_flight == {}
    server.breaks_streams = False
    await client.subscribe_resource("x://a")
    before = server.streams
    await client.unsubscribe_resource("x://a")
    await client.list_tools()
    await anyio.wait_all_tasks_blocked()
    assert server.streams == before
