"""What every result says, and how errors are told."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel import errors
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ToolExposureConfig
from zcp_kernel.context import Context
from zcp_kernel.errors import MissingCapability
from zcp_kernel.model import CallResult, ReadResourceResult, ResourceContents
from zcp_kernel.security import Principal
from zcp_profiles.mcp.history import R5
from zcp_profiles.mcp.section import MCPSection

from ..schema_files import validator
from .raw import META, Recorder, make_app, request, serving

pytestmark = pytest.mark.anyio

PAGE = "ui://weather/page"
APP_TYPE = "text/html;profile=mcp-app"
UI = {"csp": {"connectDomains": ["https://example.org"]}, "permissions": {"camera": {}}}


def app() -> FastZCP:
    made = make_app(instructions="Ask politely.", website_url="https://example.org")

    @made.tool(meta={"ui": {"resourceUri": PAGE}})
    def hello() -> str:
        return "hello"

    @made.tool
    def liar() -> CallResult:
        return CallResult(meta={f"{META}serverInfo": {"name": "other"}, "mine": 1})

    @made.tool
    def withdrawn(code: int) -> str:
        raise errors.RemoteError(code, "from elsewhere", {"a": 1})

    @made.tool
    async def chatty(ctx: Context) -> str:
        await ctx.log("debug", "quiet")
        await ctx.log("warning", "loud")
        await ctx.report_progress(1, 2)
        return "done"

    @made.tool
    def needs() -> str:
        raise MissingCapability("elicitation.url")

    @made.resource("test://a", mime_type="text/plain")
    def a(uri: str) -> str:
        return "A"

    @made.resource("test://kept")
    def kept(uri: str) -> ReadResourceResult:
        contents = ResourceContents(uri=uri, text="K")
        return ReadResourceResult([contents], ttl_ms=5, cache_scope="public")

    @made.resource(PAGE, mime_type=APP_TYPE, meta={"ui": UI})
    def page(uri: str) -> ResourceContents:
        return ResourceContents(uri=uri, mime_type=APP_TYPE, text="<p>", meta={"ui": UI})

    @made.prompt
    def greet() -> str:
        return "Hello"

    return made


CACHEABLE = [
    ("server/discover", {}, "DiscoverResult"),
    ("tools/list", {}, "ListToolsResult"),
    ("prompts/list", {}, "ListPromptsResult"),
    ("resources/list", {}, "ListResourcesResult"),
    ("resources/templates/list", {}, "ListResourceTemplatesResult"),
    ("resources/read", {"uri": "test://a"}, "ReadResourceResult"),
]
OTHERS = [
    ("tools/call", {"name": "hello"}, "CallToolResult"),
    ("prompts/get", {"name": "greet"}, "GetPromptResult"),
]


@pytest.mark.parametrize(("method", "params", "definition"), CACHEABLE + OTHERS)
async def test_every_result_is_valid_and_says_who_gave_it(
    method: str, params: dict[str, Any], definition: str
) -> None:
    async with serving(app()) as server:
        for _ in range(2):
            result = await server.call(method, params)
            assert result["resultType"] == "complete"
            card = result["_meta"][f"{META}serverInfo"]
            assert (card["name"], card["version"]) == ("Modern", "3.1")
            assert [e.message for e in validator(R5, definition).iter_errors(result)] == []


@pytest.mark.parametrize(("method", "params", "definition"), CACHEABLE)
async def test_how_long_and_for_whom_results_keep(
    method: str, params: dict[str, Any], definition: str
) -> None:
    async with serving(app()) as server:
        result = await server.call(method, params)
        assert (result["ttlMs"], result["cacheScope"]) == (0, "private")
    async with serving(app(), mcp=MCPSection(ttl_ms=60_000, cache_scope="public")) as server:
        result = await server.call(method, params)
        scope = "private" if method == "resources/read" else "public"
        assert (result["ttlMs"], result["cacheScope"]) == (60_000, scope)


async def test_a_list_that_depends_on_the_caller_is_private() -> None:
    public, hiding = MCPSection(cache_scope="public"), ToolExposureConfig(show_forbidden=False)
    async with serving(app(), mcp=public, exposure=hiding) as server:
        assert (await server.call("tools/list"))["cacheScope"] == "private"
        assert (await server.call("prompts/list"))["cacheScope"] == "public"


async def test_what_a_handler_says_about_keeping_stands() -> None:
    async with serving(app(), mcp=MCPSection(ttl_ms=60_000)) as server:
        result = await server.call("resources/read", {"uri": "test://kept"})
    assert (result["ttlMs"], result["cacheScope"]) == (5, "public")


@pytest.mark.parametrize(("method", "params", "definition"), OTHERS)
async def test_what_may_not_be_kept_says_nothing(
    method: str, params: dict[str, Any], definition: str
) -> None:
    async with serving(app()) as server:
        assert not {"ttlMs", "cacheScope"} & set(await server.call(method, params))


async def test_the_reserved_key_is_the_servers_own() -> None:
    async with serving(app()) as server:
        told = (await server.tool("liar"))["_meta"]
    assert told == {"mine": 1, f"{META}serverInfo": {"name": "Modern", "version": "3.1"}}


async def test_what_discover_tells() -> None:
    async with serving(app()) as server:
        result = await server.call("server/discover")
    assert result["instructions"] == "Ask politely."
    assert result["capabilities"]["extensions"] == {f"{META}tasks": {}}
    assert set(result["capabilities"]) == {"logging", "prompts", "resources", "tools", "extensions"}
    assert result["_meta"][f"{META}serverInfo"]["websiteUrl"] == "https://example.org"


async def test_a_missing_resource() -> None:
    async with serving(app()) as server:
        error, status = await server.refused("resources/read", {"uri": "test://no"})
    assert (error["code"], error["data"], status) == (-32602, {"uri": "test://no"}, 200)


async def test_a_missing_capability() -> None:
    async with serving(app()) as server:
        error, status = await server.refused("tools/call", {"name": "needs"})
    assert error["code"] == -32021
    assert error["data"] == {"requiredCapabilities": {"elicitation": {"url": {}}}}
    assert status == 400


@pytest.mark.parametrize(("code", "told"), [(-32002, -32603), (-32042, -32603), (7, 7)])
async def test_withdrawn_codes_are_not_passed_on(code: int, told: int) -> None:
    async with serving(app()) as server:
        params = {"name": "withdrawn", "arguments": {"code": code}}
        error, _ = await server.refused("tools/call", params)
    assert error["code"] == told


async def test_a_lacking_scope_is_a_status() -> None:
    made = app()
    made.tool(name="guarded", required_scopes=["admin"])(lambda: "x")
    async with serving(made) as server:
        error, status = await server.refused(
            "tools/call", {"name": "guarded"}, principal=Principal("ann", frozenset())
        )
    assert (error["code"], error["data"], status) == (403, {"scopes": ["admin"]}, 403)


async def test_logs_only_for_who_asked_and_only_on_its_stream() -> None:
    async with serving(app()) as server:
        silent, told = Recorder(), Recorder()
        await server.tool("chatty", related=silent)
        level = {f"{META}logLevel": "info", "progressToken": 9}
        await server.tool("chatty", related=told, **level)
    assert silent.frames == []
    assert [each["method"] for each in told.frames] == [
        "notifications/message",
        "notifications/progress",
    ]
    assert told.frames[1]["params"]["progressToken"] == 9


async def test_pages_for_hosts_pass_untouched() -> None:
    """MCP Apps (SEP-1865) are data to a server: resources and metadata."""
    async with serving(app()) as server:
        [tool] = [
            each for each in (await server.call("tools/list"))["tools"] if each["name"] == "hello"
        ]
        assert tool["_meta"] == {"ui": {"resourceUri": PAGE}}
        listed = (await server.call("resources/list"))["resources"]
        [entry] = [each for each in listed if each["uri"] == PAGE]
        assert (entry["mimeType"], entry["_meta"]) == (APP_TYPE, {"ui": UI})
        read = await server.call("resources/read", {"uri": PAGE})
        assert read["contents"] == [
            {"uri": PAGE, "mimeType": APP_TYPE, "text": "<p>", "_meta": {"ui": UI}}
        ]


async def test_nothing_is_kept_between_messages() -> None:
    made = make_app()

    @made.tool
    def count(ctx: Context) -> str:
        ctx.state["calls"] = ctx.state.get("calls", 0) + 1
        return str(ctx.state["calls"])

    async with serving(made) as server:
        for _ in range(2):
            assert (await server.tool("count"))["content"][0]["text"] == "1"


async def test_a_stray_wish_for_a_task_is_ignored() -> None:
    async with serving(app()) as server:
        message = request("tools/call", {"name": "hello", "task": {"ttl": 1}})
        told, _ = await server.answer(message)
    assert told["result"]["resultType"] == "complete"
