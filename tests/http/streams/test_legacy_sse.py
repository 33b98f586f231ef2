"""HTTP+SSE (MCP 2024-11-05, basic/transports)."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from asgi import Client, Stream, served

from .kitchen import Kitchen, until

pytestmark = pytest.mark.anyio


async def endpoint(stream: Stream) -> str:
    event = await stream.event()
    assert event.name == "endpoint"
    return event.data.decode()


async def initialize(client: Client, stream: Stream, path: str) -> Any:
    params = {
        "protocolVersion": "2024-11-05",
        "capabilities": {},
        "clientInfo": {"name": "old", "version": "1"},
    }
    answer = await client.post(client.call("initialize", params), path=path)
    assert (answer.status, answer.body) == (202, b"")
    result = await stream.message()
    initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert (await client.post(initialized, path=path)).status == 202
    return result


async def test_posts_go_up_and_everything_comes_down() -> None:
    async with served(Kitchen().app) as service:
        client = service.client("/sse")
        async with client.open("GET") as stream:
            assert stream.headers["content-type"] == "text/event-stream"
            path = await endpoint(stream)
            assert path.startswith("/messages?")
            result = await initialize(client, stream, path)
            assert result["result"]["protocolVersion"] == "2024-11-05"
            params = {"name": "steps", "arguments": {"n": 2}}
            call = client.call("tools/call", params, progressToken=9)
            assert (await client.post(call, path=path)).status == 202
            event = await stream.event()
            assert event.name == "message"
            assert (await stream.message())["params"]["progress"] == 2
            assert (await stream.message())["id"] == call["id"]


async def test_calls_run_side_by_side_and_can_be_cancelled() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = service.client("/sse")
        async with client.open("GET") as stream:
            path = await endpoint(stream)
            await initialize(client, stream, path)
            slow = client.tool("wait", {"name": "stew"})
            await client.post(slow, path=path)
            await until(lambda: kitchen.begun)
            quick = client.tool("add", {"a": 1, "b": 2})
            await client.post(quick, path=path)
            assert (await stream.message())["id"] == quick["id"]
            params = {"requestId": slow["id"]}
            cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
            await client.post(cancel, path=path)
            await until(lambda: kitchen.cancelled == ["stew"])


async def test_the_session_ends_with_its_stream() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = service.client("/sse")
        async with client.open("GET") as stream:
            path = await endpoint(stream)
            await initialize(client, stream, path)
            await client.post(client.tool("wait", {"name": "stew"}), path=path)
            await until(lambda: kitchen.begun)
        await until(lambda: kitchen.cancelled == ["stew"])
        assert service.sessions.stats()["open"] == 0
        assert (await client.post(client.call("ping"), path=path)).status == 404


async def test_the_place_to_post_to_is_for_its_principal() -> None:
    async with served(Kitchen().app) as service:
        ann, bob = service.client("/sse", x_user="ann"), service.client("/sse", x_user="bob")
        async with ann.open("GET") as stream:
            path = await endpoint(stream)
            assert (await bob.post(bob.call("ping"), path=path)).status == 404
            assert (await ann.post(ann.call("ping"), path="/messages")).status == 404
            session = path.partition("=")[2]
            fields = {"mcp-session-id": session}
            assert (await ann.post(ann.call("ping"), fields, path="/mcp")).status == 404
            await initialize(ann, stream, path)


async def test_what_is_no_json_is_refused() -> None:
    async with served(Kitchen().app) as service:
        client = service.client("/sse")
        assert (await client.request("GET", headers={"accept": "application/json"})).status == 406
        assert (await client.request("POST", path="/sse")).status == 405
        assert (await client.request("GET", path="/messages")).status == 405
        async with client.open("GET") as stream:
            path = await endpoint(stream)
            assert (await client.post(b"{", path=path)).status == 400
            plain = {"content-type": "text/plain"}
            assert (await client.post(client.call("ping"), plain, path=path)).status == 415
            await initialize(client, stream, path)


async def test_the_server_ends_the_stream_when_it_stops() -> None:
    async with served(Kitchen().app) as service:
        client = service.client("/sse")
        async with client.open("GET") as stream:
            await endpoint(stream)
            await service.sessions.aclose()
            with pytest.raises(anyio.EndOfStream):
                await stream.event()
