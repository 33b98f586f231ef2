"""`mcp_structured`: what an MCP peer gets of a structured result, for the server and by tool."""

from __future__ import annotations

from typing import Any

import pytest
from harness import make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig, ToolsSection
from zcp_kernel.errors import RegistrationError
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.memory import channel_pair
from zcp_kernel.model import CallResult, TextContent
from zcp_kernel.security import local_principal
from zcp_profiles.mcp import plugin as mcp
from zcp_profiles.native import plugin as native

pytestmark = pytest.mark.anyio

ROWS = {"rows": [1, 2]}
MIRROR = [{"type": "text", "text": '{"rows":[1,2]}'}]
ANY = {"type": "object"}
NEWEST = "2025-11-25"


def make_server(**options: Any) -> FastZCP:
    app = make_app(plugins=[mcp, native])

    @app.tool(name="rows", input_schema=ANY, execution={"taskSupport": "optional"}, **options)
    async def rows() -> Any:
        return ROWS

    @app.tool(name="own", input_schema=ANY, **options)
    async def own() -> Any:
        return CallResult([TextContent("two rows")], ROWS, carrier="structured")

    return app


class Wire:
    """Frames to and from one session."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._id = 0

    async def ask(self, method: str, params: Any) -> Any:
        self._id += 1
        message = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        answer = loads(await self._session.receive(dumps(message)).run())
        assert "error" not in answer
        return answer["result"]


async def told(
    app: FastZCP, revision: str = NEWEST, tool: str = "rows", setting: Any = "both"
) -> tuple[Any, Any]:
    """`structuredContent` and `content` as they travel, of a call and of the same as a task."""
    kernel = app.compose(ServerConfig({"tools": ToolsSection(mcp_structured=setting)}))
    async with kernel.running():
        wire = Wire(kernel.open_session(channel_pair()[0], local_principal()))
        info = {"name": "t", "version": "1"}
        hello = {"protocolVersion": revision, "capabilities": {}, "clientInfo": info}
        await wire.ask("initialize", hello)
        called = await wire.ask("tools/call", {"name": tool, "arguments": {}})
        if revision == NEWEST and tool == "rows":
            asked = {"name": tool, "arguments": {}, "task": {"ttl": 60_000}}
            task = await wire.ask("tools/call", asked)
            result = await wire.ask("tasks/result", {"taskId": task["task"]["taskId"]})
            assert {key: result[key] for key in result if key != "_meta"} == called
    return called.get("structuredContent"), called.get("content", [])


BY_SETTING = {"both": (ROWS, MIRROR), "structured": (ROWS, []), "text": (None, MIRROR)}


@pytest.mark.parametrize("setting", BY_SETTING)
@pytest.mark.parametrize("revision", ["2025-06-18", NEWEST])
async def test_the_servers_setting(setting: str, revision: str) -> None:
    assert await told(make_server(), revision, setting=setting) == BY_SETTING[setting]


@pytest.mark.parametrize("server", BY_SETTING)
@pytest.mark.parametrize("tool", BY_SETTING)
async def test_a_tools_own_setting_comes_first(server: str, tool: str) -> None:
    assert await told(make_server(mcp_structured=tool), setting=server) == BY_SETTING[tool]


@pytest.mark.parametrize("setting", BY_SETTING)
@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26"])
async def test_a_revision_without_structured_content_always_gets_the_text(
    setting: str, revision: str
) -> None:
    assert await told(make_server(), revision, setting=setting) == (None, MIRROR)


async def test_a_result_that_says_it_itself_is_heard_before_both() -> None:
    blocks = [{"type": "text", "text": "two rows"}]
    assert await told(make_server(mcp_structured="text"), tool="own") == (ROWS, blocks)


@pytest.mark.parametrize("setting", BY_SETTING)
async def test_the_native_plane_has_one_carrier_whatever_the_setting(setting: str) -> None:
    assert await told(make_server(), "zcp/1", setting=setting) == (ROWS, [])


def test_any_other_carrier_is_refused_where_it_stands() -> None:
    with pytest.raises(RegistrationError, match=r"mcp_structured 'x' is not one of both, str.*py:"):
        make_server(mcp_structured="x")
