"""What the guides promise of a call, a read or a prompt, and an earlier release did not keep."""

from __future__ import annotations

import json
from typing import Any

import pytest
from zcp_kernel.errors import RemoteError

from tests.seeds.talking import ANYTHING, talking_to, value_of
from zcp import (
    FastZCP,
    PromptArgument,
    ZCPServerConfig,
    stdio_client,
    stdio_server,
)

pytestmark = pytest.mark.anyio


# -- resources and prompts -------------------------------------------------------------------------


async def test_a_template_hands_over_its_variables() -> None:
    app = FastZCP("Weather")

    @app.resource_template("weather://city/{name}", name="City", mime_type="application/json")
    def city(name: str) -> Any:
        return {"name": name}

    async with talking_to(app) as client:
        (content,) = (await client.read_resource("weather://city/Hang%20zhou"))["contents"]
        assert json.loads(content["text"]) == {"name": "Hang zhou"}
        for uri in ("weather://city/a/b", "weather://city/", "weather://cityscape/x"):
            with pytest.raises(RemoteError, match="not_found"):
                await client.read_resource(uri)


async def test_a_required_prompt_argument_is_required() -> None:
    app = FastZCP("Weather")

    @app.prompt(name="summary", arguments=[PromptArgument(name="city", required=True)])
    def summary(city: str) -> Any:
        return [{"role": "user", "content": f"Summarize weather for {city}"}]

    async with talking_to(app) as client:
        with pytest.raises(RemoteError, match=r"missing|invalid") as caught:
            await client.get_prompt("summary")
        (fault,) = caught.value.data["errors"]
        assert (fault["path"], fault["code"]) == ("city", "required")


# -- registries, arguments, results ----------------------------------------------------------------


async def test_more_than_256_tools_are_listed_and_called() -> None:
    app = FastZCP("Many")
    for number in range(300):
        app.tool(name=f"tool{number}")(lambda number=number: number)
    async with talking_to(app) as client:
        names = [tool["name"] for tool in (await client.list_tools())["tools"]]
        assert names == [f"tool{number}" for number in range(300)]
        assert value_of(await client.call_tool("tool257", {})) == 257


STRICT = {
    "type": "object",
    "$defs": {"city": {"type": "string", "minLength": 2}},
    "properties": {
        "city": {"$ref": "#/$defs/city"},
        "nights": {"type": "integer", "minimum": 1},
        "pace": {"enum": ["slow", "fast", 3]},
    },
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"town": "Rome"}, ("town", "additionalProperties")),
        ({"nights": 0}, ("nights", "minimum")),
        ({"city": "R"}, ("city", "minLength")),
        ({"pace": "wild"}, ("pace", "enum")),
    ],
)
async def test_the_schema_is_enforced(arguments: Any, fault: tuple[str, str]) -> None:
    app = FastZCP("Strict")
    app.tool(name="plan", input_schema=STRICT)(lambda **given: given)
    async with talking_to(app) as client:
        good = {"city": "Rome", "nights": 2, "pace": 3}
        assert value_of(await client.call_tool("plan", good)) == good
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("plan", arguments)
        assert [(e["path"], e["code"]) for e in caught.value.data["errors"]] == [fault]


async def test_what_the_schema_leaves_open_is_passed_on() -> None:
    app = FastZCP("Open")
    app.tool(name="echo", input_schema=ANYTHING)(lambda **given: given)
    async with talking_to(app) as client:
        assert value_of(await client.call_tool("echo", {"extra": [1]})) == {"extra": [1]}


async def test_the_output_schema_is_enforced() -> None:
    app = FastZCP("Typed")
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    app.tool(name="typed", input_schema=ANYTHING, output_schema=schema)(lambda: {"n": "one"})
    async with talking_to(app) as client:
        result = await client.call_tool("typed", {})
    assert result["isError"] is True
    assert "output" in result["content"][0]["text"]


async def test_a_handlers_exception_reaches_the_caller_with_its_message() -> None:
    app = FastZCP("Failing")

    @app.tool(name="look", input_schema=ANYTHING)
    def look() -> None:
        raise LookupError("no weather for Atlantis")

    async with talking_to(app) as client:
        result = await client.call_tool("look", {})
    assert result["isError"] is True
    assert result["content"] == [{"type": "text", "text": "no weather for Atlantis"}]


async def test_a_result_kept_on_the_server_can_be_read_piece_by_piece() -> None:
    app = FastZCP("Rows")
    app.tool(name="rows", output_mode="handle")(lambda: [{"id": n} for n in range(1000)])
    async with stdio_server(app) as server, stdio_client(server) as client:
        handle = (await client.call_tool("rows", {}))["handle"]
        assert handle["count"] == 1000
        page = await client.read_handle(handle["id"], offset=998, limit=5)
        assert page["value"] == [{"id": 998}, {"id": 999}]
        assert page["total"] == 1000
        one = await client.read_handle(handle["id"], pointer="/500/id")
        assert one["value"] == 500
        async with stdio_client(server) as stranger:
            with pytest.raises(RemoteError, match="not_found"):
                await stranger.read_handle(handle["id"])


@pytest.mark.parametrize("mode", ["auto", "handle"])
async def test_an_mcp_client_loses_nothing_of_a_large_result(mode: Any) -> None:
    rows = [{"id": n, "text": "x" * 50} for n in range(1000)]
    app = FastZCP("Rows")
    app.tool(name="rows", output_mode=mode)(lambda: rows)
    async with talking_to(app, prefer=["mcp"]) as client:
        (block,) = (await client.call_tool("rows", {}))["content"]
        assert json.loads(block["text"]) == rows


# -- exposure and scopes ---------------------------------------------------------------------------


def planner(**options: Any) -> FastZCP:
    app = FastZCP("Planner", **options)
    app.tool(name="plan.trip", metadata={"groups": ["workflow"]})(lambda: "planned")
    app.tool(name="city.lookup")(lambda: "found")
    return app


async def test_a_default_profile_leaves_the_mcp_surface_whole() -> None:
    app = planner(default_tool_profile="semantic-workflow")
    async with talking_to(app) as native:
        assert [t["name"] for t in (await native.list_tools())["tools"]] == ["plan.trip"]
    async with talking_to(app, prefer=["mcp"]) as mcp:
        names = [t["name"] for t in (await mcp.list_tools())["tools"]]
        assert names == ["plan.trip", "city.lookup"]
        assert (await mcp.call_tool("city.lookup", {}))["content"][0]["text"] == "found"


async def test_an_unknown_profile_is_an_error_and_not_a_way_round() -> None:
    async with talking_to(planner(default_tool_profile="semantic-workflow")) as client:
        with pytest.raises(RemoteError, match="not_found:x"):
            await client.list_tools(profile="x")
        everything = await client.list_tools(profile="everything")
        assert [tool["name"] for tool in everything["tools"]] == ["plan.trip"]
        with pytest.raises(RemoteError, match=r"not_found:city\.lookup"):
            await client.call_tool("city.lookup", {})


async def test_a_missing_scope_is_an_error_that_names_it() -> None:
    app = FastZCP("Scoped")
    app.tool(name="open")(lambda: "open")
    app.tool(name="shut", required_scopes=("weather.admin",))(lambda: "shut")
    async with talking_to(app, ZCPServerConfig(local_scopes=("weather.read",))) as client:
        assert (await client.call_tool("open", {}))["isError"] is False
        with pytest.raises(RemoteError, match=r"forbidden:missing_scopes:weather\.admin"):
            await client.call_tool("shut", {})
