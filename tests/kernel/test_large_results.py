"""Large results: when they travel, when they stay here, and who may read them then."""

from __future__ import annotations

from typing import Any

import pytest
from harness import connected, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.config import HandlesSection, ServerConfig, ToolsSection
from zcp_kernel.errors import RemoteError
from zcp_kernel.model import CallResult, TextContent
from zcp_kernel.security import Principal

pytestmark = pytest.mark.anyio

ANY = {"type": "object"}
SMALL = {"n": 1}
LARGE = [{"n": number} for number in range(100)]
LIMIT = {"tools": ToolsSection(inline_max_bytes=100)}


def giving(value: Any, **options: Any) -> FastZCP:
    app = make_app()

    @app.tool(name="give", input_schema=ANY, **options)
    async def give() -> Any:
        return value

    return app


async def given(app: FastZCP, **sections: Any) -> dict[str, Any]:
    async with connected(app, sections={**LIMIT, **sections}) as client:
        return await client.call_tool("give", {})


@pytest.mark.parametrize(
    ("options", "value", "stays"),
    [
        ({}, SMALL, False),
        ({}, LARGE, True),
        ({"output_mode": "auto"}, LARGE, True),
        ({"output_mode": "handle"}, SMALL, True),
        ({"output_mode": "handle"}, LARGE, True),
        ({"output_mode": "scalar"}, LARGE, False),
        ({"output_mode": "inline"}, LARGE, False),
        ({"inline_ok": True}, LARGE, False),
        ({"inline_ok": False}, SMALL, True),
        ({"output_mode": "handle", "inline_ok": True}, SMALL, False),
        ({"output_schema": {"type": "array"}}, LARGE, True),
        ({"output_schema": {"type": "array"}, "output_mode": "handle"}, LARGE, True),
    ],
    ids=lambda given: repr(given)[:50],
)
async def test_what_stays_and_what_travels(
    options: dict[str, Any], value: Any, stays: bool
) -> None:
    result = await given(giving(value, **options))
    assert ("handle" in result) is stays
    assert result.get("structuredContent") == (None if stays else value)
    assert result["isError"] is False


@pytest.mark.parametrize("extra", [0, 1])
async def test_the_limit_is_of_the_encoded_bytes(extra: int) -> None:
    value = ["x" * (100 - len('[""]') + extra)]
    assert ("handle" in await given(giving(value))) is bool(extra)


async def test_a_handle_says_what_it_stands_for_and_is_read_in_parts() -> None:
    async with connected(giving(LARGE), sections=LIMIT) as client:
        handle = (await client.call_tool("give", {}))["handle"]
        assert (handle["kind"], handle["count"]) == ("list", 100)
        assert handle["size"] == len(str(LARGE).replace(" ", ""))
        assert handle["ttlMs"] == 600_000
        page = await client.read_handle(handle["id"], offset=2, limit=2, fields=["n"])
        assert page["value"] == [{"n": 2}, {"n": 3}]
        assert [each["id"] for each in (await client.list_handles())["handles"]] == [handle["id"]]
        await client.release_handle(handle["id"])
        with pytest.raises(RemoteError, match="not_found"):
            await client.read_handle(handle["id"])


async def test_over_the_budget_nothing_is_lost() -> None:
    app = giving(LARGE, output_mode="handle")
    tight = HandlesSection(max_bytes_per_owner=50, max_bytes_total=50)
    assert (await given(app, handles=tight))["structuredContent"] == LARGE


async def test_errors_and_blocks_always_travel() -> None:
    failed = CallResult([], {"rows": LARGE}, is_error=True)
    assert (await given(giving(failed, output_mode="handle")))["structuredContent"]
    blocks = [TextContent("x" * 1000), TextContent("y")]
    assert (await given(giving(blocks, output_mode="handle")))["content"][1]["text"] == "y"


@pytest.mark.parametrize(("length", "stays"), [(98, False), (99, True)])
async def test_one_long_text_is_a_result_like_any_other(length: int, stays: bool) -> None:
    result = await given(giving("é" * (length // 2) + "x" * (length % 2)))
    assert ("handle" in result) is stays
    if stays:
        assert result["handle"]["kind"] == "string"
        assert result["content"] == []


async def test_the_reader_needs_the_scopes_of_the_tool() -> None:
    app = giving(LARGE, required_scopes=("rows",))
    kernel = app.compose(ServerConfig(dict(LIMIT)))
    owner = "somebody"
    async with kernel.running():
        ref = await kernel.handles.keep(b"[1]", owner=owner, scopes=("rows",))
        lacking = Principal(subject="s", scopes=frozenset(), kind="token")
        with pytest.raises(Exception, match="forbidden:missing_scopes:rows"):
            await kernel.handles.get(ref.id, owner, lacking)


async def test_another_session_cannot_read_it() -> None:
    app = giving(LARGE)
    async with (
        connected(app, sections=LIMIT) as client,
        connected(app, sections=LIMIT) as other,
    ):
        handle = (await client.call_tool("give", {}))["handle"]["id"]
        with pytest.raises(RemoteError, match="not_found"):
            await other.read_handle(handle)
