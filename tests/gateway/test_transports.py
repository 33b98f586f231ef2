"""Gateways on every transport, before servers on every transport."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from server_process import free_port, server, serving
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_profiles.mcp.gateway import MCPGatewayClient, MCPGatewayServer
from zcp_transport_http import (
    sse_client,
    sse_server,
    streamable_http_client,
    streamable_http_server,
)
from zcp_transport_stdio import stdio_client, stdio_server

from .conftest import FORM, Office

pytestmark = pytest.mark.anyio

FRONT = """
import sys
from zcp_profiles.mcp.gateway import MCPGatewayServer
from zcp_transport_stdio import run_mcp_stdio_server_sync, stdio_client

run_mcp_stdio_server_sync(MCPGatewayServer(lambda: stdio_client([sys.executable, sys.argv[1]])))
"""

BACK = """
import os
from zcp_kernel.app import FastZCP
from zcp_transport_stdio import run_mcp_stdio_server_sync

app = FastZCP("Back")

@app.tool
async def pid() -> str:
    return str(os.getpid())

@app.tool
async def die() -> None:
    os._exit(7)

if __name__ == "__main__":
    run_mcp_stdio_server_sync(app)
"""


def at(app: FastZCP, revision: str) -> Any:
    path = "zcp" if revision == "zcp/1" else "mcp"
    return streamable_http_server(app, endpoint=f"http://127.0.0.1:8000/{path}")


def over_http(app: FastZCP, *, revision: str, **options: Any) -> ZCPClientSession:
    return streamable_http_client(at(app, revision), revision=revision, **options)


def over_sse(app: FastZCP, **options: Any) -> ZCPClientSession:
    return sse_client(sse_server(app), **options)


def over_stdio(app: FastZCP, **options: Any) -> ZCPClientSession:
    return stdio_client(stdio_server(app), **options)


WAYS: list[Any] = [
    pytest.param(over_http, "2025-11-25", id="http-2025"),
    pytest.param(over_http, "2026-07-28", id="http-2026"),
    pytest.param(over_http, "zcp/1", id="http-native"),
    pytest.param(over_sse, "2024-11-05", id="sse"),
    pytest.param(over_stdio, "2025-11-25", id="stdio-2025"),
    pytest.param(over_stdio, "2026-07-28", id="stdio-2026"),
    pytest.param(over_stdio, "zcp/1", id="stdio-native"),
]

Way = Callable[..., ZCPClientSession]


@pytest.mark.parametrize(("down", "downstream"), WAYS)
@pytest.mark.parametrize(("up", "upstream"), WAYS)
async def test_every_transport_before_every_transport(
    up: Way, upstream: str, down: Way, downstream: str
) -> None:
    gateway = MCPGatewayServer(up(Office().app, revision=upstream))
    progress: list[Any] = []
    async with down(gateway, revision=downstream) as client:
        result = await client.call_tool("echo", {"text": "hi"}, progress=progress.append)
        assert not result["isError"]
        assert (await client.read_resource("office://door"))["contents"][0]["text"] == "open"


@pytest.mark.parametrize("numbered", [True, False], ids=["ours", "anybodys"])
@pytest.mark.parametrize("downstream", ["2025-11-25", "2026-07-28", "zcp/1"])
@pytest.mark.parametrize("upstream", ["2025-11-25", "2026-07-28", "zcp/1"])
async def test_an_upstream_over_http_asks_the_right_one_of_many(
    upstream: str, downstream: str, numbered: bool
) -> None:
    """Over HTTP a question comes with the response it belongs to, so that even a server which
    sends no numbers back can be shared."""
    session = over_http(Office().app, revision=upstream)
    if not numbered:
        _without_numbers(session)
    gateway = MCPGatewayServer(session)
    front = at(gateway, downstream)

    async def call(name: str) -> None:
        async def answer(request: Any) -> Any:
            await anyio.sleep(0.01)
            return {"action": "accept", "content": {"name": name}}

        async with streamable_http_client(
            front, revision=downstream, elicitation_handler=answer
        ) as client:
            for _ in range(3):
                result = await client.call_tool("sign")
                assert result["content"][0]["text"] == f"signed by {{'name': '{name}'}}"

    async with anyio.create_task_group() as group:
        for name in ("Ann", "Bob", "Cid"):
            group.start_soon(call, name)


def _without_numbers(session: ZCPClientSession) -> None:
    ask = session.ask

    async def numberless(operation: str, params: Any, **manner: Any) -> Any:
        if params.meta:
            params.meta.pop("zcp/call", None)
        return await ask(operation, params, **manner)

    session.ask = numberless  # type: ignore[method-assign]


async def test_processes_before_processes(tmp_path: Path) -> None:
    front, back = tmp_path / "front.py", tmp_path / "back.py"
    front.write_text(FRONT, "utf-8")
    back.write_text(BACK, "utf-8")
    async with stdio_client([sys.executable, str(front), str(back)]) as client:
        first = await client.call_tool("pid")
        died = await client.call_tool("die")
        assert died["isError"]
        assert died["content"][0]["text"].startswith("unavailable:back: ")
        assert died["_meta"]["zcp/error"]["retryable"] is False
        second = await client.call_tool("pid")
        assert not second["isError"]
        assert second["content"] != first["content"]
        assert client.server_info["name"] == "Back"


@pytest.mark.parametrize("path", ["/mcp", "/zcp"])
async def test_a_server_killed_and_started_again_at_its_port(path: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        await killed_and_started_again(path, tmp_path, stack)


async def killed_and_started_again(path: str, tmp_path: Path, stack: AsyncExitStack) -> None:
    (tmp_path / "back.py").write_text(BACK, "utf-8")
    port = free_port()
    command = serving("back:app", port=port)
    gateway = MCPGatewayServer(f"http://127.0.0.1:{port}{path}")

    def start() -> Any:
        return server(command, port, tmp_path, cwd=tmp_path)

    with start() as running:
        front = await stack.enter_async_context(stdio_server(gateway))
        client = await stack.enter_async_context(MCPGatewayClient(front))
        first = await client.call_tool("pid")
        assert not first["isError"]
        await anyio.to_thread.run_sync(running.stop, signal.SIGKILL)
    failed = await client.call_tool("pid")
    assert failed["isError"]
    assert failed["content"][0]["text"].startswith("unavailable:back: ")
    with start():
        second = await client.call_tool("pid")
        assert not second["isError"]
        assert second["content"] != first["content"]
        await stack.aclose()


async def test_the_form_survives_the_way(anyio_backend: str) -> None:
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        seen.append(request)
        return {"action": "decline"}

    gateway = MCPGatewayServer(over_http(Office().app, revision="2025-11-25"))
    async with over_http(gateway, revision="2025-11-25", elicitation_handler=answer) as client:
        result = await client.call_tool("sign")
    assert result["content"][0]["text"] == "signed by None"
    [request] = seen
    assert request["requestedSchema"] == FORM
    assert request["message"] == "Who signs?"
    assert "_meta" not in request
