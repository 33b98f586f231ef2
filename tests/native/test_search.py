"""Finding tools, and describing what was found."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ToolExposureConfig
from zcp_kernel.errors import MethodNotFound, RemoteError
from zcp_kernel.model import ToolDefinition
from zcp_kernel.security import Principal
from zcp_profiles.compact import ToolIndex
from zcp_profiles.compact.ranking import words
from zcp_profiles.native.section import NativeSection

from .talking import ANY, make_app, talking

TOOLS = {
    "weather.current": "Current weather for a city.",
    "weather.forecast": "Forecast for the next days.",
    "sheet.insertRows": "Insert empty rows into a worksheet.",
    "sheet.delete_rows": "Delete rows.",
    "files_list": "List the files of a folder.",
    "天气查询": "查询城市的天气预报",
}


def index(**more: str) -> ToolIndex:
    return ToolIndex(ToolDefinition(name, text) for name, text in {**TOOLS, **more}.items())


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("weather now in a city", "weather.current"),
        ("forecasts", "weather.forecast"),
        ("insert a row", "sheet.insertRows"),
        ("sheet.delete_rows", "sheet.delete_rows"),
        ("delete", "sheet.delete_rows"),
        ("listing of file", "files_list"),
        ("天气预报", "天气查询"),
        ("WEATHER FORECAST", "weather.forecast"),
    ],
)
def test_the_best_comes_first(query: str, first: str) -> None:
    assert index().search(query)[0].name == first


@pytest.mark.parametrize("query", ["", "the of a", "zebra", "\x00", "((((", "x" * 100_000])
def test_a_query_that_says_nothing_finds_nothing(query: str) -> None:
    assert index().search(query) == []


def test_of_equal_tools_the_first_comes_first() -> None:
    many = ToolIndex(ToolDefinition(f"copy{n}", "same words") for n in range(50))
    assert [tool.name for tool in many.search("same", 5)] == [f"copy{n}" for n in range(5)]


def test_parameters_groups_and_values_are_looked_at() -> None:
    schema = {"properties": {"currency": {"enum": ["euro", "yen"]}}}
    tools = [
        ToolDefinition("a", "One.", {"properties": {"city": {"description": "postal code"}}}),
        ToolDefinition("b", "Two.", schema),
        ToolDefinition("c", "Three.", meta={"groups": ["billing"]}),
    ]
    found = ToolIndex(tools)
    for query, name in (("postal", "a"), ("euros", "b"), ("currency", "b"), ("billing", "c")):
        assert [tool.name for tool in found.search(query)] == [name]


def test_what_is_not_allowed_is_passed_over() -> None:
    many = ToolIndex(ToolDefinition(f"copy{n}", "same words") for n in range(200))
    found = many.search("same words", 3, lambda tool: tool.name.endswith("99"))
    assert [tool.name for tool in found] == ["copy99", "copy199"]


def test_an_empty_index_finds_nothing() -> None:
    assert ToolIndex(()).search("x") == []


def test_identifiers_fall_into_words() -> None:
    assert list(words("insertRows HTTPServer get_item2")) == [
        "insert", "row", "http", "server", "get", "item", "2",
    ]  # fmt: skip


# -- over the wire ---------------------------------------------------------------------------------


def _run(city: str = "") -> str:
    return f"ran {city}"


def shop(**options: Any) -> FastZCP:
    app = make_app(**options)
    for name, text in TOOLS.items():
        app.tool(
            name=name,
            description=text,
            input_schema={"type": "object", "properties": {"city": {"type": "string"}}},
            meta={"groups": ["workflow"]} if name.startswith("weather") else {},
            required_scopes=("files",) if name == "files_list" else (),
        )(_run)
    return app


@pytest.mark.anyio
async def test_a_search_tells_enough_to_call() -> None:
    async with talking(shop()) as client:
        found = (await client.search_tools("current weather", limit=1))["tools"]
        assert found == [
            {
                "name": "weather.current",
                "description": "Current weather for a city.",
                "signature": "(city?:str)",
            }
        ]
        (full,) = (await client.search_tools("current weather", 1, "full"))["tools"]
        assert full["inputSchema"]["properties"] == {"city": {"type": "string"}}
        names = (await client.search_tools("weather", detail="names"))["tools"]
        assert {"name": "weather.forecast"} in names


@pytest.mark.anyio
async def test_a_tool_added_while_serving_is_found() -> None:
    app = shop()
    async with talking(app) as client:
        assert (await client.search_tools("zebra"))["tools"] == []
        app.tool(name="zebra", input_schema=ANY)(lambda: None)
        assert [t["name"] for t in (await client.search_tools("zebra"))["tools"]] == ["zebra"]
        app.tools.remove("zebra")
        assert (await client.search_tools("zebra"))["tools"] == []


@pytest.mark.anyio
@pytest.mark.parametrize("limit", [0, -1, 101, 10**9])
async def test_a_limit_out_of_bounds_is_refused(limit: int) -> None:
    async with talking(shop()) as client:
        with pytest.raises(RemoteError, match="invalid:limit: must be 1 to 100"):
            await client.search_tools("weather", limit)


@pytest.mark.anyio
async def test_how_many_are_found_is_configured() -> None:
    sections: dict[str, object] = {"native": NativeSection(search_limit=1)}
    async with talking(shop(), sections=sections) as client:
        assert len((await client.search_tools("weather"))["tools"]) == 1
        assert len((await client.search_tools("weather", 5))["tools"]) == 2


@pytest.mark.anyio
async def test_hidden_tools_are_neither_found_nor_described() -> None:
    app = shop(default_tool_profile="semantic-workflow")
    async with talking(app) as client:
        assert (await client.search_tools("delete rows"))["tools"] == []
        with pytest.raises(RemoteError, match=r"not_found:sheet\.delete_rows"):
            await client.describe_tools("sheet.delete_rows")
        assert len((await client.search_tools("weather"))["tools"]) == 2


@pytest.mark.anyio
async def test_nor_those_of_other_scopes_where_configuration_hides_them() -> None:
    sections: dict[str, object] = {"exposure": ToolExposureConfig(show_forbidden=False)}
    somebody = Principal("s", frozenset(), "token")
    async with talking(shop(), sections=sections, principal=somebody) as client:
        assert (await client.search_tools("list files"))["tools"] == []
        assert "files_list" not in {t["name"] for t in (await client.list_tools())["tools"]}
        with pytest.raises(RemoteError, match="not_found"):
            await client.describe_tools("files_list")


@pytest.mark.anyio
async def test_describing_names_all_that_are_missing_and_what_is_near() -> None:
    async with talking(shop()) as client:
        with pytest.raises(RemoteError, match="not_found:weather,nothing") as caught:
            await client.describe_tools(["weather", "files_list", "nothing"])
        assert caught.value.data["near"] == {"weather": ["weather.current", "weather.forecast"]}


@pytest.mark.anyio
async def test_an_mcp_server_has_no_search() -> None:
    async with talking(shop(), "2025-11-25") as client:
        with pytest.raises(MethodNotFound):
            await client.search_tools("weather")
