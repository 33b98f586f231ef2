"""A session, or a group of them, served as MCP; and MCP servers as sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.client_group import ZCPSessionGroup
from zcp_kernel.errors import MissingCapability, RemoteError
from zcp_profiles.mcp.gateway import MCPGatewayClient, MCPGatewayServer

from .conftest import Office

pytestmark = pytest.mark.anyio

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]


def signing(request: Any) -> Any:
    return {"action": "accept", "content": {"name": f"Ann ({request['message']})"}}


@asynccontextmanager
async def through(
    office: Office, upstream: str, downstream: str, **hooks: Any
) -> AsyncIterator[ZCPClientSession]:
    """A client of this revision, of a gateway that speaks that revision to the office."""
    gateway = MCPGatewayServer(MCPGatewayClient(office.app, revision=upstream))
    async with MCPGatewayClient(gateway, revision=downstream, **hooks) as client:
        yield client


@pytest.mark.parametrize("downstream", REVISIONS)
@pytest.mark.parametrize("upstream", [*REVISIONS, "zcp/1"])
async def test_every_revision_before_every_revision(upstream: str, downstream: str) -> None:
    async with through(Office(), upstream, downstream) as client:
        assert client.protocol_version == downstream
        tools = {tool["name"]: tool for tool in (await client.list_tools())["tools"]}
        assert list(tools) == ["echo", "sign", "forever", "print_all"]
        assert tools["echo"]["description"] == "Echo a text."
        result = await client.call_tool("echo", {"text": "hi"})
        assert not result["isError"]
        if downstream >= "2025-06-18" and upstream >= "2025-06-18":
            assert result["structuredContent"] == {"text": "hi"}
        assert result["content"][0]["text"].replace(" ", "") == '{"text":"hi"}'
        assert (await client.read_resource("office://door"))["contents"][0]["text"] == "open"
        got = await client.get_prompt("letter", {"to": "Bob"})
        assert got["messages"][0]["content"]["text"] == "Dear Bob"
        if upstream == "2024-11-05":
            return  # whose servers have no way to say that they complete
        completed = await client.complete("letter", "to", "")
        assert completed["completion"]["values"] == ["Ann", "Bob"]
        with pytest.raises(RemoteError, match="not_found:nothing"):
            await client.call_tool("nothing")


async def test_a_gateway_introduces_itself_as_what_stands_behind_it() -> None:
    async with through(Office(), "2025-11-25", "2025-11-25") as client:
        introduced = await client.initialize()
        assert introduced["serverInfo"]["name"] == "Office"
        assert introduced["serverInfo"]["version"] == "3"
        assert introduced["serverInfo"]["title"] == "The Office"
        assert introduced["instructions"] == "Knock first."


async def test_a_gateway_may_have_a_name_of_its_own() -> None:
    gateway = MCPGatewayServer(MCPGatewayClient(Office().app), name="Front", version="9")
    async with MCPGatewayClient(gateway) as client:
        assert client.server_info["name"] == "Front"
        assert client.server_info["version"] == "9"


@pytest.mark.parametrize("downstream", ["2025-06-18", "2025-11-25", "2026-07-28"])
@pytest.mark.parametrize("upstream", ["2025-06-18", "2025-11-25", "zcp/1"])
async def test_a_question_costs_no_second_call(upstream: str, downstream: str) -> None:
    """Also where the client is asked by ending its call: the upstream's goes on meanwhile."""
    office = Office()
    async with through(office, upstream, downstream, elicitation_handler=signing) as client:
        result = await client.call_tool("sign")
        assert result["content"][0]["text"] == "signed by {'name': 'Ann (Who signs?)'}"
        assert office.done == ["fetched a pen", "signed"]
        result = await client.call_tool("sign", {"twice": True})
        assert "Who saw it?" in result["content"][0]["text"]
        assert office.done[2:] == ["fetched a pen"]


async def test_a_question_of_an_upstream_that_asks_by_refusal() -> None:
    async with through(Office(), "2026-07-28", "2026-07-28", elicitation_handler=signing) as client:
        result = await client.call_tool("sign", {"twice": True})
        assert "Who signs?" in result["content"][0]["text"]
        assert "Who saw it?" in result["content"][0]["text"]


@pytest.mark.parametrize("downstream", ["2025-11-25", "2026-07-28"])
@pytest.mark.parametrize("upstream", ["2025-11-25", "2026-07-28"])
async def test_a_client_that_cannot_be_asked(upstream: str, downstream: str) -> None:
    async with through(Office(), upstream, downstream) as client:
        with pytest.raises((RemoteError, MissingCapability), match="elicitation"):
            await client.call_tool("sign")


@pytest.mark.parametrize("downstream", ["2025-11-25", "2026-07-28"])
async def test_giving_up_reaches_the_upstream(downstream: str) -> None:
    office = Office()
    async with through(office, "2025-11-25", downstream) as client:
        with anyio.move_on_after(0.2):
            await client.call_tool("forever")
        with anyio.fail_after(20):
            while office.done != ["began", "gave up"]:  # noqa: ASYNC110
                await anyio.sleep(0.01)


async def test_a_client_that_does_not_come_back_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("zcp_kernel._core.relaying.held.HOLD_SECONDS", 0.05)
    office = Office()
    gave_up = anyio.Event()

    async def never(request: Any) -> Any:
        gave_up.set()
        await anyio.sleep_forever()

    gateway = MCPGatewayServer(MCPGatewayClient(office.app, revision="2025-11-25"))
    async with MCPGatewayClient(
        gateway, revision="2026-07-28", elicitation_handler=never
    ) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "sign")
            await gave_up.wait()
            group.cancel_scope.cancel()
        [remote] = gateway.mounts.remotes
        [upstream] = remote.links.values()
        with anyio.fail_after(20):
            while upstream.held._calls or upstream.shared.callers.now:  # noqa: ASYNC110
                await anyio.sleep(0.01)


@pytest.mark.parametrize("downstream", ["2025-11-25", "2026-07-28", "zcp/1"])
@pytest.mark.parametrize("upstream", ["2025-06-18", "2025-11-25", "2026-07-28", "zcp/1"])
async def test_calls_as_tasks(upstream: str, downstream: str) -> None:
    gateway = MCPGatewayServer(MCPGatewayClient(Office().app, revision=upstream))
    async with MCPGatewayClient(gateway, revision=downstream) as client:
        if upstream == "2025-06-18" and downstream != "2026-07-28":
            with pytest.raises(RemoteError, match="cannot run as a task"):
                await client.call_tool_as_task("print_all")
            return
        created = await client.call_tool_as_task("print_all")
        result = await client.get_task_result(created["task"]["taskId"])
        assert result["content"][0]["text"] == "printed"


async def test_a_group_behind_a_gateway() -> None:
    library = FastZCP("Library")

    @library.tool
    async def echo(text: str) -> str:
        return f"library: {text}"

    @library.tool
    async def lend(title: str) -> str:
        return f"{title}, two weeks"

    group = ZCPSessionGroup(
        [MCPGatewayClient(Office().app), MCPGatewayClient(library)], names=["office", "library"]
    )
    async with MCPGatewayClient(MCPGatewayServer(group)) as client:
        names = [tool["name"] for tool in (await client.list_tools())["tools"]]
        assert names == ["echo", "sign", "forever", "print_all", "library.echo", "lend"]
        result = await client.call_tool("library.echo", {"text": "hi"})
        assert result["content"][0]["text"] == "library: hi"
        result = await client.call_tool("office.echo", {"text": "hi"})
        assert result["structuredContent"] == {"text": "hi"}
        assert client.server_info["name"] == "gateway"


async def test_a_gateway_before_a_gateway() -> None:
    office = Office()
    near = MCPGatewayServer(MCPGatewayClient(office.app, revision="2025-11-25"))
    far = MCPGatewayServer(MCPGatewayClient(near, revision="2026-07-28"))
    async with MCPGatewayClient(far, elicitation_handler=signing) as client:
        result = await client.call_tool("sign")
        assert result["content"][0]["text"] == "signed by {'name': 'Ann (Who signs?)'}"
        assert office.done == ["fetched a pen", "signed"]
