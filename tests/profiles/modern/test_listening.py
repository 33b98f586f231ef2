"""`subscriptions/listen`: told of what was asked for, tagged, until either side ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from attrs import define, field
from zcp_kernel.app import FastZCP
from zcp_kernel.jsontext import loads
from zcp_kernel.model import ResourceUpdated, SubscriptionFilter, ToolListChanged
from zcp_kernel.security import Principal, local_principal
from zcp_profiles.mcp.listening import MAX_WAITING, Subscription

from .raw import META, TASKS, Recorder, Server, headers_of, make_app, request, serving

pytestmark = pytest.mark.anyio
TAG = f"{META}subscriptionId"


def app() -> FastZCP:
    made = make_app()

    @made.resource("test://watched")
    def watched(uri: str) -> str:
        return "W"

    @made.resource("test://guarded", required_scopes=["admin"])
    def guarded(uri: str) -> str:
        return "G"

    return made


@define(eq=False)
class Stream:
    """One open subscription: its channel and, once it ended, its answer."""

    channel: Recorder
    exchange: Any
    answers: list[Any]

    async def told(self, number: int) -> list[tuple[str, Any]]:
        """Method and parameters, untagged, of the first notices after the acknowledgement."""
        frames = await self.channel.count(number + 1)
        return [(each["method"], _untagged(each["params"])) for each in frames[1:]]

    @property
    def agreed(self) -> Any:
        return self.channel.frames[0]["params"]["notifications"]


def _untagged(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name != "_meta"}


@asynccontextmanager
async def listening(
    server: Server, filter: dict[str, Any], *, principal: Principal | None = None, **more: Any
) -> AsyncIterator[Stream]:
    message = request("subscriptions/listen", {"notifications": filter}, **more)
    channel, answers = Recorder(), []
    session = server.kernel.open_session(Recorder(), principal or local_principal(), ("mcp",))
    exchange: Any = session.take(message, channel, headers_of(message))

    async def run() -> None:
        frame = await exchange.run()
        if frame is not None:
            answers.append(loads(frame))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await channel.count(1)
        yield Stream(channel, exchange, answers)
        exchange.cancel()


async def settled() -> None:
    await anyio.wait_all_tasks_blocked()


@pytest.mark.parametrize("request_id", [17, "listen-1", 0, 1 << 60])
async def test_the_acknowledgement_comes_first_and_is_tagged(request_id: Any) -> None:
    async with serving(app()) as server:
        message = request("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        message["id"] = request_id
        channel = Recorder()
        session = server.kernel.open_session(Recorder(), local_principal(), ("mcp",))
        due: Any = session.take(message, channel, headers_of(message))
        async with anyio.create_task_group() as group:
            group.start_soon(due.run)
            [first] = await channel.count(1)
            group.cancel_scope.cancel()
    assert first == {
        "jsonrpc": "2.0",
        "method": "notifications/subscriptions/acknowledged",
        "params": {"notifications": {"toolsListChanged": True}, "_meta": {TAG: request_id}},
    }


async def test_only_what_was_asked_for_is_told() -> None:
    made = app()
    async with (
        serving(made) as server,
        listening(server, {"toolsListChanged": True}) as tools,
        listening(server, {"promptsListChanged": True, "toolsListChanged": False}) as prompts,
        listening(server, {}) as nothing,
    ):
        for number in range(3):
            made.tool(name=f"t{number}")(lambda: "x")
        made.prompt(name="p")(lambda: "x")
        assert await tools.told(3) == [("notifications/tools/list_changed", {})] * 3
        assert await prompts.told(1) == [("notifications/prompts/list_changed", {})]
        await settled()
        assert (len(tools.channel.frames), len(prompts.channel.frames)) == (4, 2)
        assert (prompts.agreed, nothing.agreed) == ({"promptsListChanged": True}, {})
        assert len(nothing.channel.frames) == 1
        tags = {stream.channel.frames[-1]["params"]["_meta"][TAG] for stream in (tools, prompts)}
        assert tags == {tools.exchange.id, prompts.exchange.id}


async def test_resources_by_their_exact_uri() -> None:
    wanted = {"resourceSubscriptions": ["test://watched", "test://nothing", "test://watched"]}
    async with serving(app()) as server, listening(server, wanted) as stream:
        assert stream.agreed == {"resourceSubscriptions": ["test://watched"]}
        server.kernel.broadcast(ResourceUpdated(uri="test://watched/more"))
        server.kernel.broadcast(ResourceUpdated(uri="test://watched"))
        [(method, params)] = await stream.told(1)
        assert (method, params) == ("notifications/resources/updated", {"uri": "test://watched"})


async def test_what_a_caller_may_not_read_it_may_not_watch() -> None:
    async with serving(app()) as server:
        params = {"notifications": {"resourceSubscriptions": ["test://guarded"]}}
        error, status = await server.refused(
            "subscriptions/listen", params, principal=Principal("ann", frozenset())
        )
    assert (error["data"], status) == ({"scopes": ["admin"]}, 403)


async def test_tasks_need_their_extension() -> None:
    async with serving(app()) as server:
        params = {"notifications": {"taskIds": ["x"]}}
        error, status = await server.refused("subscriptions/listen", params)
    assert (error["code"], status) == (-32021, 400)
    assert error["data"] == {"requiredCapabilities": {"extensions": {TASKS: {}}}}


async def test_the_client_ends_it() -> None:
    async with serving(app()) as server:
        async with listening(server, {"toolsListChanged": True}) as stream:
            stream.exchange.cancel()
            await settled()
        assert stream.answers == []
        assert server.kernel.audience == set()


async def test_the_server_ends_it_with_a_result() -> None:
    wanted = {"toolsListChanged": True}
    async with serving(app()) as server, listening(server, wanted) as stream:
        await server.kernel.aclose()
        await settled()
        [answer] = stream.answers
    result = answer["result"]
    assert answer["id"] == stream.exchange.id
    assert (result["resultType"], result["_meta"][TAG]) == ("complete", stream.exchange.id)


@define(eq=False)
class Slow(Recorder):
    """A client that reads nothing after the acknowledgement until it is let."""

    go: anyio.Event = field(factory=anyio.Event)

    async def send(self, frame: bytes) -> None:
        await Recorder.send(self, frame)
        if len(self.frames) == 2:
            await self.go.wait()


async def test_who_reads_slowly_is_told_once_of_each_thing() -> None:
    uris = [f"test://{number}" for number in range(3)]
    made = make_app()
    for uri in uris:
        made.resource(uri)(lambda uri: "x")
    async with serving(made) as server:
        message = request(
            "subscriptions/listen",
            {"notifications": {"resourceSubscriptions": uris, "toolsListChanged": True}},
        )
        channel = Slow()
        session = server.kernel.open_session(Recorder(), local_principal(), ("mcp",))
        due: Any = session.take(message, channel, headers_of(message))
        async with anyio.create_task_group() as group:
            group.start_soon(due.run)
            await channel.count(1)
            server.kernel.broadcast(ToolListChanged())
            await channel.count(2)
            for _ in range(MAX_WAITING):
                server.kernel.broadcast(ToolListChanged())
            for uri in uris * 50:
                server.kernel.broadcast(ResourceUpdated(uri=uri))
            channel.go.set()
            frames = await channel.count(2 + MAX_WAITING + len(uris))
            await settled()
            assert len(frames) == 2 + MAX_WAITING + len(uris)
            assert [each["params"]["uri"] for each in frames[-3:]] == uris
            group.cancel_scope.cancel()


def test_a_subscription_hears_nothing_by_default() -> None:
    ctx: Any = type("Ctx", (), {"request_id": 1})
    subscription = Subscription(SubscriptionFilter(), ctx)
    assert not subscription.hears(ToolListChanged())
    assert not subscription.hears(ResourceUpdated(uri="test://x"))
