"""`/ws` of the HTTP application, under the servers people run it with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from server_process import Server, free_port, server
from ws_hosts import ENVIRON, HOSTS, command, url
from ws_kitchen import WAIT
from ws_raw import CONTINUATION, PING, TEXT, call, frame, greet, initialize, raw_peer
from zcp_kernel.errors import ConnectionLost, ExchangeRefused
from zcp_transport_ws import websocket_client

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-11-25", "2026-07-28", "zcp/1"])
async def test_calls_progress_and_questions(host: tuple[str, Server], revision: str) -> None:
    seen: list[float] = []
    with anyio.fail_after(WAIT):
        async with websocket_client(url(host[1]), revision=revision) as client:
            assert client.protocol_version == revision
            answer = await client.call_tool("big", {"size": 5_000})
            assert len(answer["content"][0]["text"]) == 5_000
            await client.call_tool(
                "count", {"steps": 4}, progress=lambda entry: seen.append(entry["progress"])
            )
            assert seen == [1, 2, 3, 4]


async def test_many_clients_and_calls(host: tuple[str, Server]) -> None:
    answers: list[Any] = []

    async def one(number: int) -> None:
        async with (
            websocket_client(url(host[1]), revision="zcp/1") as client,
            anyio.create_task_group() as tasks,
        ):
            for each in range(10):
                tasks.start_soon(call_add, client, number, each)

    async def call_add(client: Any, a: int, b: int) -> None:
        answers.append(await client.call_tool("add", {"a": a, "b": b}))

    with anyio.fail_after(2 * WAIT):
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(one, number)
    assert len(answers) == 200


async def test_fragments_and_pings_between(host: tuple[str, Server]) -> None:
    async with raw_peer(host[1].port, Sec_WebSocket_Protocol="mcp") as peer:
        await greet(peer)
        text = b'{"jsonrpc":"2.0","id":7,"method":"ping"}'
        await peer.send(frame(TEXT, text[:5], fin=False) + frame(PING, b"?"))
        await peer.send(frame(CONTINUATION, text[5:9], fin=False) + frame(CONTINUATION, text[9:]))
        assert (await peer.message())["id"] == 7


async def test_a_native_client_comes_back(host: tuple[str, Server]) -> None:
    native = {"Sec_WebSocket_Protocol": "zcp"}
    async with raw_peer(host[1].port, **native) as peer:
        await peer.send(frame(TEXT, b'#{"session":null}'))
        got = await peer.frame()
        assert got is not None
        session = got[1].split(b'"')[3]
        await peer.say(initialize("zcp/1"))
        await peer.message()
        await peer.say(call("count", 1, steps=50))
    async with raw_peer(host[1].port, **native) as peer:
        await peer.send(frame(TEXT, b'#{"session":"' + session + b'","received":1}'))
        got = await peer.frame()
        assert got is not None
        assert got[1].startswith(b"#")
        while (message := await peer.message()).get("id") != 1:
            assert message["method"].endswith("progress")
        assert "50 steps" in str(message["result"])


async def test_a_plain_request_is_told_to_upgrade(host: tuple[str, Server]) -> None:
    answer = host[1].request("GET", "/ws")
    assert answer.status == 426
    assert answer.headers["upgrade"] == "websocket"


async def test_a_strange_origin_and_an_unknown_path(host: tuple[str, Server]) -> None:
    async with raw_peer(host[1].port, Origin="https://evil.example") as peer:
        assert peer.status == 403
    with pytest.raises(ExchangeRefused) as refused:
        await websocket_client(url(host[1]).replace("/ws", "/nowhere")).initialize()
    assert refused.value.status == 404


@pytest.mark.parametrize("name", HOSTS)
async def test_a_server_that_is_told_to_stop_closes_its_sockets(name: str, tmp_path: Path) -> None:
    port = free_port()
    with server(command(name, port), port, tmp_path, **ENVIRON) as running:
        async with raw_peer(port, Sec_WebSocket_Protocol="mcp") as peer:
            await greet(peer)
            running.process.terminate()
            assert await peer.close_code() in (1001, 1012)
        await anyio.to_thread.run_sync(running.process.wait, 15)
        # hypercorn by itself waits for sockets, then cancels their tasks, which some asyncio logs.
        assert name == "hypercorn-asyncio" or "Traceback" not in running.errors


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
async def test_a_server_killed_in_the_middle_of_a_call(revision: str, tmp_path: Path) -> None:
    port = free_port()
    with anyio.fail_after(2 * WAIT):
        with server(command("serve-asyncio", port), port, tmp_path, **ENVIRON) as running:
            client = websocket_client(url(running), revision=revision)
            await client.initialize()
            failed: list[ConnectionLost] = []

            async def doomed() -> None:
                try:
                    await client.call_tool("wait_for_ever", {})
                except ConnectionLost as error:
                    failed.append(error)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(doomed)
                await client.ping()
                running.process.kill()
        assert len(failed) == 1
        assert not failed[0].retryable
        with server(command("serve-asyncio", port), port, tmp_path, **ENVIRON):
            assert await client.ping() == {"ok": True}
            await client.aclose()
