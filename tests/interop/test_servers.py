"""Our client drives servers nobody here wrote over stdio: from the native offer down to MCP."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.errors import RemoteError

from bench.environments import FASTMCP, MCP1, MCP2, Environment, interpreter
from zcp import stdio_client

PEERS = Path(__file__).parent / "peers"
SERVERS = {
    "mcp1": (MCP1, "mcp1_server.py"),
    "mcp2": (MCP2, "mcp2_server.py"),
    "fastmcp": (FASTMCP, "fastmcp_server.py"),
}
STEP_SECONDS = 60

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("server", SERVERS)]

Connect = Callable[..., ZCPClientSession]


@pytest.fixture
def connect(server: str) -> Connect:
    environment: Environment
    environment, script = SERVERS[server]
    command = [interpreter(environment), str(PEERS / script)]

    def opened(**hooks: Any) -> ZCPClientSession:
        return stdio_client(command, stderr_handler=lambda _: None, **hooks)

    return opened


def text_of(result: dict[str, Any]) -> str:
    assert not result["isError"], result
    return str(result["content"][0]["text"])


async def test_session(connect: Connect) -> None:
    """initialize, list, call, read, prompt, errors, ping."""
    with anyio.fail_after(STEP_SECONDS):
        async with connect() as client:
            assert client.protocol_version == "2025-11-25"
            assert client.server_info["name"] == "peer"
            tools = {tool["name"]: tool for tool in (await client.list_tools())["tools"]}
            assert tools["echo"]["inputSchema"]["required"] == ["text"]
            assert text_of(await client.call_tool("echo", {"text": "grüß dich 😀"})) == (
                "grüß dich 😀"
            )
            added = await client.call_tool("add", {"a": 2, "b": 3})
            assert added["structuredContent"] == {"total": 5}
            failed = await client.call_tool("fail", {})
            assert failed["isError"]
            assert failed["content"][0]["text"]
            await client.ping()
            await _resources_and_prompts(client)


async def _resources_and_prompts(client: ZCPClientSession) -> None:
    listed = (await client.list_resources())["resources"]
    assert [each["uri"] for each in listed] == ["note://greeting"]
    templates = (await client.list_resource_templates())["resourceTemplates"]
    assert [each["uriTemplate"] for each in templates] == ["note://by-name/{name}"]
    read = await client.read_resource("note://greeting")
    assert read["contents"][0]["text"] == "hello"
    read = await client.read_resource("note://by-name/{name}", {"name": "ada"})
    assert read["contents"][0]["text"] == "a note to ada"
    with pytest.raises(RemoteError):
        await client.read_resource("note://nowhere")
    prompts = (await client.list_prompts())["prompts"]
    assert [each["name"] for each in prompts] == ["greet"]
    prompt = await client.get_prompt("greet", {"name": "Ada"})
    assert prompt["messages"][0]["content"]["text"] == "Greet Ada."


async def test_many_at_once(connect: Connect) -> None:
    answers: dict[int, str] = {}
    with anyio.fail_after(STEP_SECONDS):
        async with connect() as client:

            async def one(number: int) -> None:
                answers[number] = text_of(await client.call_tool("echo", {"text": f"{number}"}))

            async with anyio.create_task_group() as group:
                for number in range(50):
                    group.start_soon(one, number)
    assert answers == {number: f"{number}" for number in range(50)}


async def test_progress_and_logging(connect: Connect, server: str) -> None:
    steps: list[dict[str, Any]] = []
    logs: list[dict[str, Any]] = []
    logged = anyio.Event()

    def on_log(entry: dict[str, Any]) -> None:
        logs.append(entry)
        logged.set()

    with anyio.fail_after(STEP_SECONDS):
        async with connect(log_handler=on_log) as client:
            counted = await client.call_tool("count", {"steps": 3}, progress=steps.append)
            assert text_of(counted) == "counted to 3"
            assert [step["progress"] for step in steps] == [1, 2, 3]
            assert steps[-1]["message"] == "step 3"
            # The official SDK's servers log without it and have no such method.
            if server == "fastmcp":
                await client.set_logging_level("warning")
            assert text_of(await client.call_tool("talk", {})) == "said"
            await logged.wait()
    assert logs[0]["level"] == "warning"
    assert "a warning" in str(logs[0]["data"])


async def test_cancel(connect: Connect) -> None:
    begun = anyio.Event()
    with anyio.fail_after(STEP_SECONDS):
        async with connect(log_handler=lambda _: begun.set()) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "wait_for_ever", {"name": "first"})
                await begun.wait()
                group.cancel_scope.cancel()
            for _ in range(100):
                if text_of(await client.call_tool("were_cancelled", {})) == "first":
                    break
                await anyio.sleep(0.05)
            assert text_of(await client.call_tool("were_cancelled", {})) == "first"
            assert text_of(await client.call_tool("echo", {"text": "still here"})) == "still here"
