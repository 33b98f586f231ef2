"""`zcp.connect`: one name for every server there is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from wires import listening

from zcp import FastZCP, connect

pytestmark = pytest.mark.anyio


def adding() -> FastZCP:
    app = FastZCP("Adding")

    @app.tool
    def add(a: int, b: int) -> str:
        return str(a + b)

    return app


async def test_the_same_call_whatever_the_target(tmp_path: Path) -> None:
    program = tmp_path / "server.py"
    program.write_text(
        "from zcp import FastZCP, run_mcp_stdio_server_sync\n"
        "app = FastZCP('Adding')\n"
        "@app.tool\n"
        "def add(a: int, b: int) -> str:\n"
        "    return str(a + b)\n"
        "run_mcp_stdio_server_sync(app)\n",
        "utf-8",
    )
    async with listening(adding()) as site:
        entries = {
            "remote": {"type": "http", "url": site.url("/mcp")},
            "old": {"type": "sse", "url": site.url("/sse")},
            "local": {"command": sys.executable, "args": [str(program)]},
        }
        config = tmp_path / "mcp.json"
        config.write_text(json.dumps({"mcpServers": entries}), "utf-8")
        targets = {
            "in-process": adding(),
            "stdio": [sys.executable, str(program)],
            site.url("/mcp"): site.url("/mcp"),
            site.url("/zcp"): site.url("/zcp"),
            site.url("/sse"): site.url("/sse"),
            **{name: f"{config}:{name}" for name in entries},
        }
        spoken = {}
        for name, target in targets.items():
            async with connect(target) as client:
                answer = await client.call_tool("add", {"a": 2, "b": 3})
                assert "5" in json.dumps(answer)
                spoken[name] = client.protocol_version
    assert spoken[site.url("/zcp")] == "zcp/1"
    assert spoken[site.url("/mcp")] == spoken["remote"] == "2026-07-28"
    assert spoken[site.url("/sse")] == spoken["old"] == "2025-11-25"
