"""Both eras on one pipe, message by message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from attrs import define, field
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.memory import MemoryChannel, channel_pair
from zcp_kernel.security import local_principal
from zcp_kernel.serving import serve
from zcp_profiles.mcp.history import R4

from .raw import FORM, META, make_app, request, serving

pytestmark = pytest.mark.anyio
TAG = f"{META}subscriptionId"
CAPABILITIES: dict[str, Any] = {"elicitation": {}}


@define(eq=False)
class Pipe:
    """A client that sends what it likes and reads what comes."""

    channel: MemoryChannel
    read: list[Any] = field(factory=list)

    async def send(self, method: str, params: Any = None, **more: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, **more}
        if params is not None:
            message["params"] = params
        await self.channel.send(dumps(message))

    async def modern(self, method: str, params: Any = None, **more: Any) -> Any:
        message = request(method, params, **more)
        await self.channel.send(dumps(message))
        return message["id"]

    async def next(self) -> Any:
        with anyio.fail_after(10):
            message = loads(await self.channel.receive())
        self.read.append(message)
        return message

    async def answer_to(self, request_id: Any) -> Any:
        while True:
            message = await self.next()
            if message.get("id") == request_id and "method" not in message:
                return message

    async def open(self) -> Any:
        params = {
            "protocolVersion": R4,
            "capabilities": CAPABILITIES,
            "clientInfo": {"name": "raw", "version": "1"},
        }
        await self.send("initialize", params, id="init")
        answer = await self.answer_to("init")
        await self.send("notifications/initialized")
        return answer["result"]


def app() -> FastZCP:
    made = make_app()

    @made.tool
    async def asks(ctx: Context) -> str:
        return (await ctx.elicit("Name?", FORM)).action

    @made.tool
    async def waits(ctx: Context) -> str:
        await ctx.report_progress(0)
        await anyio.sleep_forever()
        return "never"

    @made.tool
    def counts(ctx: Context) -> str:
        ctx.state["n"] = ctx.state.get("n", 0) + 1
        return str(ctx.state["n"])

    return made


@asynccontextmanager
async def piped(made: FastZCP) -> AsyncIterator[Pipe]:
    async with serving(made) as server, anyio.create_task_group() as group:
        near, far = channel_pair()

        async def run() -> None:
            await serve(server.kernel, far, principal=local_principal())

        group.start_soon(run)
        yield Pipe(near)
        await near.aclose()


async def test_both_eras_interleaved() -> None:
    async with piped(app()) as pipe:
        one = await pipe.modern("server/discover")
        assert (await pipe.answer_to(one))["result"]["supportedVersions"]
        assert (await pipe.open())["protocolVersion"] == R4
        for number in (1, 2):
            await pipe.send("tools/call", {"name": "counts"}, id=f"l{number}")
            legacy = (await pipe.answer_to(f"l{number}"))["result"]
            assert legacy["content"][0]["text"] == str(number)
            assert not {"resultType", "_meta"} & set(legacy)
            modern = await pipe.modern("tools/call", {"name": "counts"})
            result = (await pipe.answer_to(modern))["result"]
            assert (result["resultType"], result["content"][0]["text"]) == ("complete", "1")


async def test_a_handler_asks_each_client_its_own_way() -> None:
    async with piped(app()) as pipe:
        await pipe.open()
        modern = await pipe.modern("tools/call", {"name": "asks", "arguments": {}})
        await pipe.send("tools/call", {"name": "asks"}, id="old")
        asked = question = None
        while asked is None or question is None:
            message = await pipe.next()
            if message.get("id") == modern:
                asked = message["result"]
            elif message.get("method") == "elicitation/create":
                question = message
        assert asked["resultType"] == "input_required"
        answer = {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}}
        await pipe.channel.send(dumps(answer))
        assert (await pipe.answer_to("old"))["result"]["content"][0]["text"] == "decline"


async def test_modern_marks_win_in_an_open_session() -> None:
    async with piped(app()) as pipe:
        await pipe.open()
        for method in ("initialize", "ping", "logging/setLevel", "resources/subscribe"):
            answer = await pipe.answer_to(await pipe.modern(method))
            assert answer["error"]["code"] == -32601
        await pipe.send("ping", {"_meta": {"progressToken": 1}}, id="ping")
        assert (await pipe.answer_to("ping"))["result"] == {}


@pytest.mark.parametrize("handshake", [True, False])
async def test_cancelling_a_request(handshake: bool) -> None:
    async with piped(app()) as pipe:
        if handshake:
            await pipe.open()
        waiting = await pipe.modern("tools/call", {"name": "waits"}, progressToken="t")
        assert (await pipe.next())["method"] == "notifications/progress"
        await pipe.send("notifications/cancelled", {"requestId": waiting})
        after = await pipe.modern("tools/call", {"name": "counts"})
        await pipe.answer_to(after)
        assert waiting not in [message.get("id") for message in pipe.read]


async def test_listening_on_a_pipe() -> None:
    made = app()
    async with piped(made) as pipe:
        await pipe.open()
        wanted = {"notifications": {"toolsListChanged": True}}
        first = await pipe.modern("subscriptions/listen", wanted)
        ack = await pipe.next()
        assert ack["params"]["_meta"] == {TAG: first}
        second = await pipe.modern("subscriptions/listen", wanted)
        assert (await pipe.next())["params"]["_meta"] == {TAG: second}
        made.tool(name="more")(lambda: "x")
        told = [await pipe.next() for _ in range(3)]
        tags = [message.get("params", {}).get("_meta", {}).get(TAG) for message in told]
        # The session of the handshake hears of it too, in its own words.
        assert sorted(tags, key=str) == sorted([first, second, None], key=str)
        await pipe.send("notifications/cancelled", {"requestId": first})
        await pipe.answer_to(await pipe.modern("server/discover"))
        made.tool(name="evenmore")(lambda: "x")
        told = [await pipe.next() for _ in range(2)]
        tags = [message.get("params", {}).get("_meta", {}).get(TAG) for message in told]
        assert set(tags) == {second, None}
        await pipe.answer_to(await pipe.modern("server/discover"))
        assert len(pipe.read) == 10
        assert first not in [message.get("id") for message in pipe.read]


async def test_a_subscription_does_not_outlive_its_pipe() -> None:
    made = app()
    async with serving(made) as server:
        near, far = channel_pair()
        pipe = Pipe(near)
        async with anyio.create_task_group() as group:

            async def run() -> None:
                await serve(server.kernel, far, principal=local_principal(), grace=3600)

            group.start_soon(run)
            await pipe.modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
            await pipe.next()
            await near.aclose()
        assert server.kernel.audience == set()
