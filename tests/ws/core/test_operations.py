"""Every operation over a socket, in every revision: in this process and stand-alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from ws_kitchen import HANDSHAKES, REVISIONS, WAIT, Kitchen, listening
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.connecting import connect
from zcp_kernel.errors import ConfigError, ConnectionLost, InvalidRequest
from zcp_transport_ws import websocket_client, websocket_server

pytestmark = pytest.mark.anyio

LINKS = ("memory", "network")


@asynccontextmanager
async def client_of(
    kitchen: Kitchen, link: str, revision: str | None = None, **hooks: Any
) -> AsyncGenerator[ZCPClientSession]:
    with anyio.fail_after(WAIT):
        if link == "memory":
            server = websocket_server(kitchen.app)
            async with server, websocket_client(server, revision=revision, **hooks) as client:
                yield client
        else:
            async with (
                listening(kitchen) as where,
                websocket_client(where.url, revision=revision, **hooks) as client,
            ):
                yield client


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("link", LINKS)
async def test_operations_of_every_revision(link: str, revision: str) -> None:
    async with client_of(Kitchen(), link, revision) as client:
        assert client.protocol_version == revision
        assert client.server_info["name"] == "Kitchen"
        names = [tool["name"] for tool in (await client.list_tools())["tools"]]
        assert "add" in names
        answer = await client.call_tool("big", {"size": 3})
        assert answer["content"][0]["text"] == "xxx"
        read = await client.read_resource("text://greeting")
        assert read["contents"][0]["text"] == "hello"
        prompt = await client.get_prompt("poem", {"topic": "rain"})
        assert "rain" in str(prompt["messages"])


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("link", LINKS)
async def test_progress_arrives_before_the_answer(link: str, revision: str) -> None:
    seen: list[float] = []
    async with client_of(Kitchen(), link, revision) as client:
        await client.call_tool(
            "count", {"steps": 5}, progress=lambda entry: seen.append(entry["progress"])
        )
        assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("revision", [*HANDSHAKES, "zcp/1"])
@pytest.mark.parametrize("link", LINKS)
async def test_a_handler_asks_its_client(link: str, revision: str) -> None:
    def sample(request: Any) -> dict[str, Any]:
        return {"role": "assistant", "content": {"type": "text", "text": "yes"}, "model": "m"}

    async with client_of(Kitchen(), link, revision, sampling_handler=sample) as client:
        answer = await client.call_tool("ask", {"question": "rain?"})
        assert answer["content"][0]["text"] == "yes"


@pytest.mark.parametrize("link", LINKS)
async def test_calls_run_side_by_side_and_one_can_be_given_up(link: str) -> None:
    kitchen = Kitchen()
    async with client_of(kitchen, link) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "wait_for_ever", {"name": "a"})
            await kitchen.started.wait()
            answers = await client.call_tool("add", {"a": 1, "b": 2})
            assert answers["structuredContent"] in (3, {"result": 3})
            tasks.cancel_scope.cancel()
        await kitchen.ended.wait()
        assert await client.ping() == {"ok": True}


@pytest.mark.parametrize("link", LINKS)
async def test_hundreds_of_calls_at_once(link: str) -> None:
    async with client_of(Kitchen(), link) as client:
        results: dict[int, Any] = {}

        async def one(number: int) -> None:
            answer = await client.call_tool("add", {"a": number, "b": 1})
            assert "structuredContent" in answer, answer
            results[number] = answer["structuredContent"]

        async with anyio.create_task_group() as tasks:
            for number in range(300):
                tasks.start_soon(one, number)
        assert len(results) == 300
        assert all(number + 1 in (each, *_values(each)) for number, each in results.items())


def _values(answer: Any) -> list[Any]:
    return list(answer.values()) if isinstance(answer, dict) else []


@pytest.mark.parametrize("link", LINKS)
async def test_a_large_answer_and_a_large_argument(link: str) -> None:
    async with client_of(Kitchen(), link, "2025-11-25") as client:
        answer = await client.call_tool("big", {"size": 3_000_000})
        assert len(answer["content"][0]["text"]) == 3_000_000


@pytest.mark.parametrize("link", LINKS)
async def test_a_task_and_its_changes(link: str) -> None:
    told: list[str] = []

    def heard(method: str, params: Any) -> None:
        told.append(method)

    async with client_of(Kitchen(), link, "zcp/1", notification_handler=heard) as client:
        task = await client.create_task("slow", {})
        assert await client.get_task_result(task["task"]["taskId"]) == {"done": True}
        assert any("tasks/status" in method for method in told)


async def test_the_scheme_finds_the_transport() -> None:
    async with listening(Kitchen()) as where, connect(where.url) as client:
        assert await client.ping() == {"ok": True}


async def test_dialects_may_be_mixed_on_a_socket_that_names_none() -> None:
    """`zcp.connect` offers both subprotocols before it knows what will be spoken."""
    async with listening(Kitchen()) as where:
        for revision in REVISIONS:
            async with connect(where.url, revision=revision) as client:
                assert client.protocol_version == revision
                await client.list_tools()


async def test_used_before_it_is_open_it_says_what_to_do() -> None:
    async with listening(Kitchen()) as where:
        client = websocket_client(where.url)
        with pytest.raises(InvalidRequest, match="async with"):
            await client.list_tools()
        await client.aclose()


@pytest.mark.parametrize("url", ["http://127.0.0.1/ws", "ws:///ws", "ws://me:secret@127.0.0.1/ws"])
async def test_what_is_no_url_of_a_websocket(url: str) -> None:
    client = websocket_client(url)
    with pytest.raises(ConfigError, match="WebSocket URL"):
        await client.initialize()


async def test_nobody_there() -> None:
    async with listening(Kitchen()) as where:
        url = where.url
    with pytest.raises(ConnectionLost, match="cannot be reached"):
        async with websocket_client(url):
            pass


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
async def test_a_server_that_stops_fails_the_call_and_its_successor_serves_the_next(
    revision: str,
) -> None:
    first, second = Kitchen(), Kitchen()
    with anyio.fail_after(WAIT):
        async with (
            anyio.create_task_group() as tasks,
            listening(first, websocket={"drain_seconds": 0.1}) as where,
        ):
            client = websocket_client(where.url, revision=revision)
            await client.initialize()
            failed: list[BaseException] = []

            async def doomed() -> None:
                try:
                    await client.call_tool("wait_for_ever", {})
                except ConnectionLost as error:
                    failed.append(error)

            tasks.start_soon(doomed)
            await first.started.wait()
        assert len(failed) == 1
        sections = {"websocket": {"port": where.port}}
        async with _at(second, where.port, **sections):
            assert await client.ping() == {"ok": True}
            await client.aclose()


@asynccontextmanager
async def _at(kitchen: Kitchen, port: int, **sections: Any) -> AsyncGenerator[None]:
    from ws_kitchen import configuration
    from zcp_transport_ws import serve_websocket

    async def run(*, task_status: Any) -> None:
        config = configuration(kitchen.app, **sections)
        await serve_websocket(kitchen.app, config=config, task_status=task_status)

    async with anyio.create_task_group() as tasks:
        await tasks.start(run)
        yield
        tasks.cancel_scope.cancel()
