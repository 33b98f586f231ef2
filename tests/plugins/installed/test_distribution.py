"""The third-party plugin as pip installed it: built, found, and served by the `zcp` command.

Runs only when named (`pytest tests/plugins/installed`), in an environment that has
`acme-zcp-plugin` installed; it fails where that is not so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

SERVER = """\
from zcp import FastZCP, run_mcp_stdio_server_sync

app = FastZCP("Demo")
run_mcp_stdio_server_sync(app)
"""


def test_its_metadata_is_what_the_host_reads() -> None:
    installed = distribution("acme-zcp-plugin")
    assert [(p.name, p.value) for p in installed.entry_points] == [("acme", "acme_zcp.plugin")]
    assert any(line.startswith("zcp-kernel") for line in installed.requires or ())


def test_pip_finds_no_conflict() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_server_in_another_process_has_its_tool(tmp_path: Path) -> None:
    server = tmp_path / "server.py"
    server.write_text(SERVER, "utf-8")
    frames = [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "raw", "version": "0"},
            },
        },
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {
            "jsonrpc": "2.0",
            "id": 2,
            "method": "tools/call",
            "params": {"name": "acme.greet", "arguments": {"name": "Ada"}},
        },
    ]
    done = subprocess.run(
        [sys.executable, str(server)],
        input="".join(json.dumps(frame) + "\n" for frame in frames),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    answers = {one["id"]: one for one in map(json.loads, done.stdout.splitlines()) if "id" in one}
    assert "Hello, Ada!" in json.dumps(answers[2]["result"])


def test_zcp_plugins_lists_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zcp", "plugins", "--json"],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    (entry,) = [one for one in json.loads(done.stdout)["plugins"] if one["name"] == "acme"]
    assert entry["status"] == "ok"
    assert entry["distribution"] == "acme-zcp-plugin"
