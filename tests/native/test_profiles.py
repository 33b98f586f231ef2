"""`discovery` and `budget`: thousands of tools in a context that holds few."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel.app import FastZCP
from zcp_kernel.codec import PLAIN
from zcp_kernel.config import ServerConfig, ToolExposureConfig, ToolsSection
from zcp_kernel.errors import ConfigError, RemoteError
from zcp_kernel.model import ListToolsParams, ToolDefinition
from zcp_kernel.security import Principal
from zcp_profiles.compact import estimate_tokens
from zcp_profiles.exposure import BudgetProfile, DiscoveryProfile, MCPProfile
from zcp_profiles.exposure.budget import text_of
from zcp_profiles.exposure.section import BudgetSection

from .talking import ANY, client_of, make_app, talking

THREE = ["search_tools", "describe_tools", "call_tool"]
PLANES = ["zcp/1", "2024-11-05", "2025-11-25"]


def shop(size: int = 50, **options: Any) -> FastZCP:
    app = make_app(**options)
    for number in range(size):

        def handler(amount: int, label: str = "x", number: int = number) -> dict[str, Any]:
            return {"number": number, "amount": amount, "label": label}

        schema = {
            "type": "object",
            "properties": {"amount": {"type": "integer"}, "label": {"type": "string"}},
            "required": ["amount"],
            "additionalProperties": False,
        }
        app.tool(
            name=f"thing_{number}",
            description=f"Does thing number {number}. Not much more to say.",
            input_schema=schema,
            meta={"groups": ["workflow"]} if number % 10 == 0 else {},
            required_scopes=("seven",) if number == 7 else (),
        )(handler)
    return app


def everywhere(name: str) -> dict[str, str]:
    return {"native": name, "mcp": name}


@pytest.mark.anyio
@pytest.mark.parametrize("revision", PLANES)
async def test_three_tools_stand_for_all(revision: str) -> None:
    app = shop(default_tool_profiles=everywhere("discovery"))
    async with talking(app, revision) as client:
        assert [tool["name"] for tool in (await client.list_tools())["tools"]] == THREE
        found = await client.call_tool("search_tools", {"query": "thing number 33", "limit": 1})
        line = "thing_33(amount:int, label?:str) - Does thing number 33."
        assert found["content"][0]["text"] == line
        described = await client.call_tool("describe_tools", {"names": ["thing_33"]})
        assert "Not much more to say." in described["content"][0]["text"]
        arguments = {"name": "thing_33", "arguments": {"amount": 3}}
        called = await client.call_tool("call_tool", arguments)
        direct = await client.call_tool("thing_33", {"amount": 3})
        assert called == direct
        assert not called["isError"]


@pytest.mark.anyio
async def test_a_client_may_ask_for_it_where_it_is_not_the_default() -> None:
    async with talking(shop()) as client:
        listed = await client.list_tools(**DiscoveryProfile().as_list_tools_params())
        assert [tool["name"] for tool in listed["tools"]] == THREE
        assert len((await client.list_tools())["tools"]) == 50
        assert (
            "number 3"
            in (await client.call_tool("search_tools", {"query": "3"}))["content"][0]["text"]
        )


@pytest.mark.anyio
@pytest.mark.parametrize("revision", PLANES)
async def test_discovery_is_no_way_round(revision: str) -> None:
    app = shop(default_tool_profiles=everywhere("semantic-workflow"))
    somebody = Principal("s", frozenset(), "token")
    async with talking(app, revision, principal=somebody) as client:
        found = (await client.call_tool("search_tools", {"query": "thing 7 33"}))["content"]
        assert found[0]["text"] == "no tool found: try other words" or "thing_33" not in str(found)
        with pytest.raises(RemoteError, match="not_found:thing_33"):
            await client.call_tool("call_tool", {"name": "thing_33", "arguments": {"amount": 1}})
        with pytest.raises(RemoteError, match="not_found:thing_33"):
            await client.call_tool("describe_tools", {"names": ["thing_33"]})


@pytest.mark.anyio
async def test_scopes_hold_through_discovery() -> None:
    app = shop(default_tool_profiles=everywhere("discovery"))
    somebody = Principal("s", frozenset(), "token")
    async with talking(app, principal=somebody) as client:
        with pytest.raises(RemoteError, match="forbidden:missing_scopes:seven"):
            await client.call_tool("call_tool", {"name": "thing_7", "arguments": {"amount": 1}})


@pytest.mark.anyio
async def test_wrong_arguments_are_told_as_for_a_direct_call() -> None:
    async with talking(shop()) as client:
        with pytest.raises(RemoteError, match="amount") as caught:
            await client.call_tool("call_tool", {"name": "thing_1", "arguments": {}})
        assert caught.value.data["errors"][0]["path"] == "amount"
        for name in THREE:
            with pytest.raises(RemoteError, match="call it by its own name"):
                await client.call_tool("call_tool", {"name": name, "arguments": {}})


@pytest.mark.anyio
async def test_a_large_result_keeps_its_scopes_through_discovery() -> None:
    app = make_app()
    app.tool(name="rows", input_schema=ANY, required_scopes=("rows",))(lambda: list(range(9999)))
    reader = Principal("r", frozenset({"rows"}), "token")
    kernel = app.compose(ServerConfig({}))
    async with kernel.running(), client_of(kernel, principal=reader) as client:
        answer = await client.call_tool("call_tool", {"name": "rows"})
        assert answer["handle"]["count"] == 9999
        stored = await kernel.handles.store.get(answer["handle"]["id"])
        assert stored is not None
        assert stored.scopes == ("rows",)


@pytest.mark.anyio
async def test_an_app_with_such_names_of_its_own_keeps_them() -> None:
    app = shop(5, default_tool_profiles=everywhere("discovery"))
    app.tool(name="call_tool", input_schema=ANY)(lambda: "mine")
    async with talking(app) as client:
        assert len((await client.list_tools())["tools"]) == 6
        assert (await client.call_tool("call_tool", {}))["content"][0]["text"] == "mine"


@pytest.mark.anyio
async def test_the_tools_are_listed_nowhere_else() -> None:
    async with talking(shop(5)) as client:
        for profile in (None, "everything", "semantic-workflow", "budget"):
            listed = {tool["name"] for tool in (await client.list_tools(profile=profile))["tools"]}
            assert not listed & set(THREE)


# -- budget ----------------------------------------------------------------------------------------


def definition(number: int, **meta: Any) -> ToolDefinition:
    schema = {"type": "object", "properties": {"amount": {"type": "integer", "minimum": 0}}}
    return ToolDefinition(
        f"t{number}", f"Does {number}. " + "More. " * 20, schema, meta=meta or None
    )


def cost(tools: Any) -> int:
    return sum(estimate_tokens(text_of(tool)) for tool in tools)


@given(size=st.integers(0, 40), tokens=st.integers(1, 4000))
def test_a_budget_is_kept_and_the_order_too(size: int, tokens: int) -> None:
    tools = [definition(number) for number in range(size)]
    shown = list(BudgetProfile(tokens).select(tools, ListToolsParams()))
    assert cost(shown) <= tokens
    numbers = [int(tool.name[1:]) for tool in shown]
    assert numbers == sorted(numbers)
    if tokens >= cost(tools):
        assert shown == tools


def test_the_likeliest_are_shown_in_full() -> None:
    tools = [definition(number) for number in range(30)]
    tools[20] = definition(20, groups=["workflow"])
    tools[25] = definition(25, priority=5)
    shown = {tool.name: tool for tool in BudgetProfile(1200).select(tools, ListToolsParams())}
    full = [name for name, tool in shown.items() if "properties" in tool.input_schema]
    assert {"t25", "t20", "t0"} <= set(full)
    assert len(full) < 30
    assert shown["t29"].description == "Does 29. (amount?:int)"


def test_the_counter_may_be_given() -> None:
    tools = [definition(number) for number in range(3)]
    assert list(BudgetProfile(3, count=lambda text: 1).select(tools, ListToolsParams())) == tools
    assert len(BudgetProfile(2, count=lambda text: 1).select(tools, ListToolsParams())) == 2


@pytest.mark.anyio
async def test_what_is_left_out_can_be_called() -> None:
    app = shop(50, default_tool_profile="budget")
    sections: dict[str, object] = {"budget": BudgetSection(tokens=300)}
    async with talking(app, sections=sections) as client:
        shown = (await client.list_tools())["tools"]
        assert len(shown) < 50
        names = {tool["name"] for tool in shown}
        assert "thing_49" not in names
        assert not (await client.call_tool("thing_49", {"amount": 1}))["isError"]
        with pytest.raises(RemoteError, match="amount"):
            await client.call_tool("thing_49", {})


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("hello world", 2), ("12345", 2), ('{"a":1}', 5), ("天气", 2)]
)
def test_an_estimate_is_near(text: str, tokens: int) -> None:
    assert abs(estimate_tokens(text) - tokens) <= 1


def test_an_estimate_takes_any_text() -> None:
    assert estimate_tokens("x" * 1_000_000) > 100_000
    assert estimate_tokens("\ud800") == 1
    assert PLAIN.encode(definition(1))


@pytest.mark.anyio
async def test_an_unknown_profile_is_an_error() -> None:
    async with talking(shop(3)) as client:
        with pytest.raises(RemoteError, match="not_found:nothing: no such profile; known: budget"):
            await client.list_tools(profile="nothing")


@pytest.mark.anyio
async def test_a_default_of_budget_does_not_forbid_handles() -> None:
    sections: dict[str, object] = {
        "exposure": ToolExposureConfig(default_profiles={"native": "budget"}),
        "tools": ToolsSection(inline_max_bytes=10),
    }
    async with talking(shop(3), sections=sections) as client:
        assert "handle" in await client.call_tool("thing_1", {"amount": 1})


def office(profile: MCPProfile, **options: Any) -> FastZCP:
    app = make_app(default_tool_profiles={"mcp": profile}, **options)
    for name, meta in {
        "mail.send": {"groups": ["workflow"], "stages": ["act"]},
        "mail.read": {"groups": ["workflow"], "stages": ["look"]},
        "admin.reset": {"groups": ["workflow", "danger"]},
        "clock": {},
    }.items():
        app.tool(name=name, input_schema=ANY, meta=meta)(lambda: "done")
    return app


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("profile", "seen"),
    [
        (MCPProfile(), ["mail.send", "mail.read", "admin.reset", "clock"]),
        (MCPProfile(groups="workflow"), ["mail.send", "mail.read", "admin.reset"]),
        (MCPProfile(groups=["workflow"], exclude_groups=["danger"]), ["mail.send", "mail.read"]),
        (MCPProfile(stages=("look", "think")), ["mail.read"]),
        (MCPProfile(allow="mail.*"), ["mail.send", "mail.read"]),
        (MCPProfile(allow=["mail.*", "clock"], deny="*.send"), ["mail.read", "clock"]),
        (MCPProfile(groups="nobody's"), []),
        (MCPProfile(groups="workflow", discovery=True), THREE),
    ],
)
@pytest.mark.parametrize("revision", ["2024-11-05", "2025-11-25"])
async def test_what_an_mcp_host_is_shown(
    profile: MCPProfile, seen: list[str], revision: str
) -> None:
    async with talking(office(profile), revision) as client:
        assert [tool["name"] for tool in (await client.list_tools())["tools"]] == seen
    async with talking(office(profile)) as native:
        assert len((await native.list_tools())["tools"]) == 4
        asked = await native.list_tools(**profile.as_list_tools_params())
        assert [tool["name"] for tool in asked["tools"]] == seen


@pytest.mark.anyio
async def test_what_an_mcp_host_is_not_shown_is_not_there() -> None:
    profile = MCPProfile(exclude_groups="danger", discovery=True)
    async with talking(office(profile), "2025-11-25") as client:
        assert not (await client.call_tool("clock", {}))["isError"]
        with pytest.raises(RemoteError, match="admin"):
            await client.call_tool("admin.reset", {})
        found = await client.call_tool("search_tools", {"query": "admin reset mail"})
        assert "admin" not in found["content"][0]["text"]
        with pytest.raises(RemoteError, match="admin"):
            await client.call_tool("call_tool", {"name": "admin.reset", "arguments": {}})


def test_two_profiles_of_one_name_are_refused() -> None:
    same = {"mcp": MCPProfile(deny="x"), "native": MCPProfile(deny="x")}
    assert make_app(default_tool_profiles=same).compose(ServerConfig())
    other = {"mcp": MCPProfile(deny="x"), "native": MCPProfile(deny="y")}
    with pytest.raises(ConfigError, match="'mcp' of surface 'native' is another one"):
        make_app(default_tool_profiles=other).compose(ServerConfig())
    taken = {"mcp": MCPProfile(name="everything", deny="x")}
    with pytest.raises(ConfigError, match="'everything' of surface 'mcp'"):
        make_app(default_tool_profiles=taken).compose(ServerConfig())
