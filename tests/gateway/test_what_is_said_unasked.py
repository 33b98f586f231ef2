"""What an upstream says of its tasks, and what it says in no call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.context import Context
from zcp_kernel.inprocess import InProcessServer
from zcp_kernel.model import LogMessage
from zcp_profiles.mcp.gateway import MCPGatewayClient, MCPGatewayServer

from .conftest import FORM

pytestmark = pytest.mark.anyio

RELATED_TASK = "io.modelcontextprotocol/related-task"
SESSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


async def until(condition: Any) -> None:
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110
            await anyio.sleep(0.005)


def bureau() -> FastZCP:
    app = FastZCP("Bureau")

    @app.tool(execution={"taskSupport": "required"})
    async def file_it(ctx: Context) -> str:
        """Ask in a task, and log."""
        assert ctx.task is not None
        who = await ctx.task.elicit("Who files?", FORM)
        thought = await ctx.task.create_message("Think!")
        await ctx.log("info", "filed")
        return f"{who.content} {thought.model}"

    @app.tool
    async def look() -> str:
        return "seen"

    return app


class Desk:
    """Hooks of a client, and what they heard."""

    def __init__(self) -> None:
        self.metas: list[Any] = []
        self.logs: list[Any] = []

    def elicit(self, request: Any) -> Any:
        self.metas.append(request.get("_meta"))
        return {"action": "accept", "content": {"name": "Ann"}}

    def sample(self, request: Any) -> Any:
        self.metas.append(request.get("_meta"))
        return {"role": "assistant", "content": {"type": "text", "text": "hm"}, "model": "m1"}

    @property
    def hooks(self) -> dict[str, Any]:
        return {
            "elicitation_handler": self.elicit,
            "sampling_handler": self.sample,
            "log_handler": self.logs.append,
        }


@asynccontextmanager
async def before(
    app: FastZCP, desk: Desk, *, upstream: str = "2025-11-25", downstream: str = "2025-11-25"
) -> AsyncIterator[ZCPClientSession]:
    gateway = MCPGatewayServer(MCPGatewayClient(app, revision=upstream))
    async with MCPGatewayClient(gateway, revision=downstream, **desk.hooks) as client:
        yield client


async def test_a_task_says_which_it_is_when_it_asks() -> None:
    """MCP 2025-11-25, basic/utilities/tasks, "Related Task Metadata"."""
    desk = Desk()
    async with MCPGatewayClient(bureau(), revision="2025-11-25", **desk.hooks) as client:
        created = await client.call_tool_as_task("file_it")
        task = created["task"]["taskId"]
        await client.get_task_result(task)
    assert [meta[RELATED_TASK] for meta in desk.metas] == [{"taskId": task}] * 2


async def test_a_question_names_the_gateways_own_task() -> None:
    desk = Desk()
    async with before(bureau(), desk) as client:
        created = await client.call_tool_as_task("file_it")
        task = created["task"]["taskId"]
        result = await client.get_task_result(task)
    assert result["content"][0]["text"] == "{'name': 'Ann'} m1"
    assert result["_meta"][RELATED_TASK] == {"taskId": task}
    assert [meta[RELATED_TASK] for meta in desk.metas] == [{"taskId": task}] * 2


@pytest.mark.parametrize("downstream", ["2026-07-28", "zcp/1"])
async def test_where_questions_name_no_task_that_of_the_upstream_is_not_told(
    downstream: str,
) -> None:
    desk = Desk()
    async with before(bureau(), desk, downstream=downstream) as client:
        created = await client.call_tool_as_task("file_it")
        result = await client.get_task_result(created["task"]["taskId"])
    assert result["content"][0]["text"] == "{'name': 'Ann'} m1"
    assert len(desk.metas) == 2
    assert RELATED_TASK not in str(desk.metas)
    assert RELATED_TASK not in str(result)


async def test_a_task_asks_the_client_it_is_for_though_others_call() -> None:
    """What names its task names its call."""
    app = bureau()
    held = anyio.Event()

    @app.tool
    async def hold() -> str:
        held.set()
        await anyio.sleep_forever()
        return ""

    ann, bob = Desk(), Desk()
    gateway = MCPGatewayServer(MCPGatewayClient(app, revision="2025-11-25"))
    server = InProcessServer(gateway)
    async with (
        MCPGatewayClient(server, revision="2025-11-25", **ann.hooks) as first,
        MCPGatewayClient(server, revision="2025-11-25", **bob.hooks) as second,
        anyio.create_task_group() as group,
    ):
        group.start_soon(second.call_tool, "hold")
        await held.wait()
        created = await first.call_tool_as_task("file_it")
        result = await first.get_task_result(created["task"]["taskId"])
        assert result["content"][0]["text"] == "{'name': 'Ann'} m1"
        group.cancel_scope.cancel()
    assert len(ann.metas) == 2
    assert bob.metas == []


def say(server: InProcessServer, level: Any, data: str) -> None:
    """A server that logs though nobody is calling."""
    kernel = server._kernel
    assert kernel is not None
    kernel.announce(LogMessage(level, data, "boiler"))


@pytest.mark.parametrize("downstream", [*SESSIONS, "zcp/1"])
@pytest.mark.parametrize("upstream", [*SESSIONS, "zcp/1"])
async def test_what_is_logged_in_no_call_reaches_those_who_listen(
    upstream: str, downstream: str
) -> None:
    back = InProcessServer(bureau())
    front = InProcessServer(MCPGatewayServer(MCPGatewayClient(back, revision=upstream)))
    curious, sparing = Desk(), Desk()
    async with (
        MCPGatewayClient(front, revision=downstream, **curious.hooks) as first,
        MCPGatewayClient(front, revision=downstream, **sparing.hooks) as second,
    ):
        await second.set_logging_level("error")
        say(back, "info", "warm")
        say(back, "error", "hot")
        await until(lambda: len(curious.logs) == 2 and len(sparing.logs) == 1)
        # A round trip more, for what must not come.
        await first.ping()
        await second.ping()
    assert curious.logs == [
        {"level": "info", "logger": "boiler", "data": "warm"},
        {"level": "error", "logger": "boiler", "data": "hot"},
    ]
    assert [entry["data"] for entry in sparing.logs] == ["hot"]


async def test_a_client_of_the_stateless_revision_is_told_in_its_calls_alone() -> None:
    """MCP 2026-07-28, server/utilities/logging: no message outside the stream of a request."""
    back = InProcessServer(bureau())
    front = InProcessServer(MCPGatewayServer(MCPGatewayClient(back, revision="2025-11-25")))
    stateless, other = Desk(), Desk()
    async with (
        MCPGatewayClient(front, revision="2026-07-28", **stateless.hooks) as first,
        MCPGatewayClient(front, revision="2025-11-25", **other.hooks),
    ):
        await first.call_tool("look")
        say(back, "error", "hot")
        await until(lambda: other.logs)
        await first.call_tool("look")
    assert stateless.logs == []


async def test_a_session_for_each_client_logs_for_that_client() -> None:
    """Every client has a server of its own behind it; what that says is nobody else's."""
    backs: list[InProcessServer] = []

    def another() -> ZCPClientSession:
        backs.append(InProcessServer(bureau()))
        return MCPGatewayClient(backs[-1], revision="2025-11-25")

    front = InProcessServer(MCPGatewayServer(another, per="session"))
    ann, bob = Desk(), Desk()
    async with (
        MCPGatewayClient(front, revision="2025-11-25", **ann.hooks) as first,
        MCPGatewayClient(front, revision="2025-11-25", **bob.hooks) as second,
    ):
        await first.call_tool("look")
        await second.call_tool("look")
        assert len(backs) == 3  # one for the lists
        say(backs[1], "info", "for Ann")
        say(backs[2], "info", "for Bob")
        await until(lambda: ann.logs and bob.logs)
    assert [entry["data"] for entry in ann.logs] == ["for Ann"]
    assert [entry["data"] for entry in bob.logs] == ["for Bob"]
