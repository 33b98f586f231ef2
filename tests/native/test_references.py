"""`{"$handle": …}` in arguments, aliases, previews: results that go round the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.config import HandlesSection, ServerConfig
from zcp_kernel.errors import RemoteError
from zcp_kernel.security import Principal

from .talking import client_of, make_app, talking

pytestmark = pytest.mark.anyio

ROWS = [{"id": n, "name": f"row {n}"} for n in range(1000)]


def shop() -> FastZCP:
    app = make_app()
    ran: list[Any] = []
    app.ran = ran  # type: ignore[attr-defined]

    @app.tool(required_scopes=("rows",))
    def rows() -> list[dict[str, Any]]:
        return ROWS

    @app.tool
    def count(items: list[Any], factor: int = 1) -> int:
        ran.append(items)
        return len(items) * factor

    @app.tool
    def deep(given: dict[str, Any]) -> dict[str, Any]:
        ran.append(given)
        return given

    @app.tool
    def spoil(items: list[Any]) -> int:
        items.clear()
        return 0

    @app.tool(output_mode="handle")
    def note() -> str:
        return "long note"

    return app


async def test_a_result_goes_from_tool_to_tool() -> None:
    async with talking(shop()) as client:
        result = await client.call_tool("rows", {})
        handle = result["handle"]
        assert handle["alias"] == "#S1"
        assert result["preview"] == ROWS[:3]
        for name in (handle["id"], "#S1"):
            answer = await client.call_tool("count", {"items": {"$handle": name}, "factor": 2})
            assert answer["structuredContent"] == 2000
        nested = {"a": [{"$handle": "#S1", "pointer": "/3/name"}], "b": {"c": {"$handle": "#S1"}}}
        answer = await client.call_tool("deep", {"given": nested})
        value = (await client.read_handle(answer["handle"]["alias"], pointer="/a"))["value"]
        assert value == ["row 3"]


async def test_each_gets_a_value_of_its_own() -> None:
    async with talking(shop()) as client:
        await client.call_tool("rows", {})
        for _ in range(2):
            await client.call_tool("spoil", {"items": {"$handle": "#S1"}})
        counted = await client.call_tool("count", {"items": {"$handle": "#S1"}})
        assert counted["structuredContent"] == 1000


async def test_aliases_mean_handles_everywhere() -> None:
    async with talking(shop()) as client:
        await client.call_tool("rows", {})
        assert (await client.get_handle("#S1"))["handle"]["count"] == 1000
        assert (await client.count_handle("#S1"))["count"] == 1000
        assert (await client.read_handle("#S1", offset=999))["value"] == ROWS[999:]
        await client.release_handle("#S1")
        with pytest.raises(RemoteError, match="not_found"):
            await client.read_handle("#S1")


@pytest.mark.parametrize(("most", "shown"), [(0, None), (2, None), (30, 1), (1_000_000, 3)])
async def test_a_preview_is_bounded(most: int, shown: int | None) -> None:
    sections: dict[str, object] = {"handles": HandlesSection(preview_bytes=most)}
    async with talking(shop(), sections=sections) as client:
        result = await client.call_tool("rows", {})
        assert result.get("preview") == (None if shown is None else ROWS[:shown])


@dataclass
class Row:
    id: int
    tags: set[str]


async def test_values_that_only_become_json_are_kept_too() -> None:
    app = make_app()
    app.tool(name="rows", input_schema={"type": "object"})(
        lambda: [Row(n, {"a"}) for n in range(1000)]
    )
    app.tool(name="odd", input_schema={"type": "object"})(
        lambda: {1: [Row(1, set())] * 1000, "é": (1, 2)}
    )
    async with talking(app) as client:
        result = await client.call_tool("rows", {})
        assert result["preview"][0] == {"id": 0, "tags": ["a"]}
        assert result["handle"]["summary"].startswith("list of 1000 objects")
        assert (await client.read_handle("#S1", limit=1))["value"] == [{"id": 0, "tags": ["a"]}]
        odd = await client.call_tool("odd", {})
        assert odd["preview"] == {"é": [1, 2]}
        assert odd["handle"]["summary"] == "object with 2 members: 1, é"


async def test_a_result_json_cannot_say_is_a_tool_error() -> None:
    app = make_app()
    app.tool(name="nan", input_schema={"type": "object"}, output_mode="handle")(
        lambda: [float("nan")] * 5000
    )
    async with talking(app) as client:
        answer = await client.call_tool("nan", {})
        assert answer["isError"] is True
        assert "NaN and Infinity are not JSON" in answer["content"][0]["text"]
        assert (await client.list_handles())["handles"] == []


async def test_a_long_text_is_kept_as_text() -> None:
    async with talking(shop()) as client:
        result = await client.call_tool("note", {})
        assert (result["handle"]["kind"], result["preview"]) == ("string", "long note")


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        ({"$handle": "#S9"}, "not_found:#S9"),
        ({"$handle": "nothing"}, "not_found:nothing"),
        ({"$handle": "#S1", "pointer": "/1000"}, "not_found:/1000"),
        ({"$handle": "#S1", "pointer": "no pointer"}, "invalid: pointer"),
        ({"$handle": 3}, "invalid:\\$handle: \\$handle of a reference must be a string"),
        ({"$handle": "#S1", "pointer": 3}, "pointer of a reference must be a string"),
    ],
)
async def test_a_wrong_reference_is_an_error_and_nothing_runs(
    reference: dict[str, Any], error: str
) -> None:
    app = shop()
    async with talking(app) as client:
        await client.call_tool("rows", {})
        with pytest.raises(RemoteError, match=error):
            await client.call_tool("count", {"items": reference})
    assert app.ran == []  # type: ignore[attr-defined]


async def test_the_value_is_held_against_the_schema() -> None:
    app = shop()
    async with talking(app) as client:
        await client.call_tool("rows", {})
        with pytest.raises(RemoteError, match="items: expected array"):
            await client.call_tool("count", {"items": {"$handle": "#S1", "pointer": "/0"}})
    assert app.ran == []  # type: ignore[attr-defined]


async def test_an_object_with_more_in_it_is_no_reference() -> None:
    app = shop()
    given = {"x": {"$handle": "#S1", "note": "just data"}}
    async with talking(app) as client:
        assert (await client.call_tool("deep", {"given": given}))["structuredContent"] == given


async def test_to_mcp_peers_it_is_data() -> None:
    app = shop()
    given = {"x": {"$handle": "#S1"}}
    async with talking(app, "2025-11-25") as client:
        assert (await client.call_tool("deep", {"given": given}))["structuredContent"] == given


async def test_what_references_stand_for_is_bounded_together() -> None:
    sections: dict[str, object] = {"handles": HandlesSection(max_reference_bytes=40_000)}
    async with talking(shop(), sections=sections) as client:
        await client.call_tool("rows", {})
        await client.call_tool("count", {"items": {"$handle": "#S1"}})
        twice = {"given": {"a": {"$handle": "#S1"}, "b": {"$handle": "#S1"}}}
        with pytest.raises(RemoteError, match=r"bytes are more than the \d+ left"):
            await client.call_tool("deep", twice)


async def test_expired_foreign_and_forbidden() -> None:
    app = shop()
    kernel = app.compose(ServerConfig({"handles": HandlesSection(ttl_ms=30)}))
    async with kernel.running(), client_of(kernel) as client, client_of(kernel) as other:
        handle = (await client.call_tool("rows", {}))["handle"]["id"]
        with pytest.raises(RemoteError, match=f"not_found:{handle}"):
            await other.call_tool("count", {"items": {"$handle": handle}})
        await anyio.sleep(0.1)
        with pytest.raises(RemoteError, match=f"expired:{handle}"):
            await client.call_tool("count", {"items": {"$handle": "#S1"}})
    assert app.ran == []  # type: ignore[attr-defined]


async def test_the_producing_tools_scopes_are_checked_again() -> None:
    app = shop()
    kernel = app.compose(ServerConfig({}))
    reader = Principal("me", frozenset({"rows"}), "token")
    async with kernel.running(), client_of(kernel, principal=reader) as client:
        await client.call_tool("rows", {})
        session = next(iter(kernel.audience))
        session.principal = Principal("me", frozenset(), "token")  # type: ignore[attr-defined]
        with pytest.raises(RemoteError, match="forbidden:missing_scopes:rows"):
            await client.call_tool("count", {"items": {"$handle": "#S1"}})
    assert app.ran == []  # type: ignore[attr-defined]


async def test_many_at_once() -> None:
    async with talking(shop()) as client:
        await client.call_tool("rows", {})
        seen: list[Any] = []

        async def one() -> None:
            answer = await client.call_tool("count", {"items": {"$handle": "#S1"}})
            seen.append(answer["structuredContent"])

        async with anyio.create_task_group() as group:
            for _ in range(200):
                group.start_soon(one)
        assert seen == [1000] * 200
