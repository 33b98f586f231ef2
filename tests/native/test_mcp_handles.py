"""Handles for MCP peers: a link where it was asked for, everything inline where not."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.config import HandlesSection, ServerConfig, ToolsSection
from zcp_kernel.errors import RemoteError
from zcp_kernel.jsontext import loads
from zcp_profiles.native.section import NativeSection

from .talking import ANY, client_of, make_app, talking

pytestmark = pytest.mark.anyio

ROWS = [{"id": n} for n in range(2000)]
MCP = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
ON: dict[str, object] = {"handles": HandlesSection(mcp=True)}


def shop(**options: Any) -> FastZCP:
    app = make_app()
    app.tool(name="rows", input_schema=ANY, **options)(lambda: ROWS)
    app.tool(name="text", input_schema=ANY)(lambda: "é" * 9000)
    app.tool(name="typed", input_schema=ANY, output_schema={"type": "object"})(
        lambda: {"rows": ROWS}
    )
    return app


@pytest.mark.parametrize("revision", MCP)
async def test_without_being_asked_nothing_is_kept(revision: str) -> None:
    async with talking(shop(output_mode="handle"), revision) as client:
        result = await client.call_tool("rows", {})
        assert loads(result["content"][0]["text"].encode()) == ROWS
        assert (await client.list_resource_templates())["resourceTemplates"] == []


@pytest.mark.parametrize("revision", MCP)
@pytest.mark.parametrize("by", ["server", "tool"])
async def test_a_link_is_read_as_a_resource(revision: str, by: str) -> None:
    app = shop() if by == "server" else shop(mcp_handles=True)
    async with talking(app, revision, ON if by == "server" else None) as client:
        result = await client.call_tool("rows", {})
        text, link = result["content"]
        assert text["text"].startswith("list of 2000 objects with keys id (")
        assert 'It begins: [{"id":0},{"id":1},{"id":2}]' in text["text"]
        assert link["type"] == ("resource_link" if revision >= "2025-06-18" else "text")
        uri = link["uri"] if "uri" in link else link["text"].split(": ")[1].split(" ")[0]
        (contents,) = (await client.read_resource(uri))["contents"]
        assert contents["mimeType"] == "application/json"
        assert loads(contents["text"].encode()) == ROWS
        (template,) = (await client.list_resource_templates())["resourceTemplates"]
        assert template["uriTemplate"] == "zcp://handles/{id}"


async def test_a_tool_may_refuse_what_the_server_allows() -> None:
    async with talking(shop(mcp_handles=False), "2025-11-25", ON) as client:
        assert "structuredContent" not in await client.call_tool("rows", {})
        assert len((await client.call_tool("rows", {}))["content"]) == 1


async def test_a_tool_with_an_output_schema_always_sends_its_result() -> None:
    async with talking(shop(), "2025-11-25", ON) as client:
        assert (await client.call_tool("typed", {}))["structuredContent"] == {"rows": ROWS}


async def test_a_long_text_is_linked_and_read_as_text() -> None:
    async with talking(shop(), "2025-11-25", ON) as client:
        link = (await client.call_tool("text", {}))["content"][1]
        (contents,) = (await client.read_resource(link["uri"]))["contents"]
        assert (contents["mimeType"], contents["text"]) == ("text/plain", "é" * 9000)


async def test_what_is_small_is_sent() -> None:
    app = shop()
    app.tool(name="small", input_schema=ANY)(lambda: [1, 2])
    async with talking(app, "2025-11-25", ON) as client:
        assert (await client.call_tool("small", {}))["content"][0]["text"] == "[1,2]"


async def test_somebody_elses_link_does_not_exist() -> None:
    kernel = shop().compose(ServerConfig(dict(ON)))
    async with kernel.running(), client_of(kernel, "2025-11-25") as client:
        uri = (await client.call_tool("rows", {}))["content"][1]["uri"]
        async with client_of(kernel, "2025-11-25") as other:
            with pytest.raises(RemoteError, match="not_found"):
                await other.read_resource(uri)
        for wrong in ("zcp://handles/nothing", "zcp://handles/"):
            with pytest.raises(RemoteError):
                await client.read_resource(wrong)
        assert len((await client.read_resource(uri))["contents"]) == 1


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
async def test_the_reader_tool_reads_pages(revision: str) -> None:
    sections = {**ON, "native": NativeSection(reader_tool=True)}
    async with talking(shop(), revision, sections) as client:
        assert (await client.list_tools())["tools"][-1]["name"] == "read_handle"
        result = await client.call_tool("rows", {})
        handle = result["handle"]["id"] if "handle" in result else result["content"][1]["name"]
        where = [{"field": "id", "op": "ge", "value": 1998}]
        page = await client.call_tool("read_handle", {"handle": handle, "where": where})
        value = page.get("structuredContent") or loads(page["content"][0]["text"].encode())
        assert value == {"value": [{"id": 1998}, {"id": 1999}], "total": 2}
        for wrong in ({"handle": "#S9"}, {"handle": handle, "pointer": "/5000"}):
            with pytest.raises(RemoteError, match="not_found"):
                await client.call_tool("read_handle", wrong)


async def test_a_page_of_the_reader_tool_is_bounded() -> None:
    sections = {**ON, "native": NativeSection(reader_tool=True), "tools": ToolsSection()}
    app = make_app()
    app.tool(name="rows", input_schema=ANY)(lambda: ["x" * 1000] * 1000)
    async with talking(app, sections=sections) as client:
        await client.call_tool("rows", {})
        page = (await client.call_tool("read_handle", {"handle": "#S1"}))["structuredContent"]
        assert page["nextOffset"] < 100
        assert page["total"] == 1000
