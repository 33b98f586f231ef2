"""`zcp serve`: standard output carries the protocol and nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import Ran, Zcp

INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
SELF_SERVING = """
from zcp import FastZCP, run_mcp_stdio_server_sync
app = FastZCP("Alone")
@app.tool
def hello() -> str:
    return "hello"
"""


def session(*requests: tuple[str, dict[str, Any]]) -> str:
    """An MCP session as a file of lines: handshake, then these requests as ids 1, 2, …"""
    messages: list[dict[str, Any]] = [
        {"id": 0, "method": "initialize", "params": INITIALIZE},
        {"method": "notifications/initialized"},
        *(
            {"id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(requests, 1)
        ),
    ]
    return "".join(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in messages)


def answers(ran: Ran) -> dict[int, Any]:
    """Every line of standard output, which must all be responses, by id."""
    messages = [json.loads(line) for line in ran.out.splitlines()]
    return {message["id"]: message["result"] for message in messages}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_session_from_a_pipe(zcp: Zcp, kitchen: Path, backend: str) -> None:
    calls = session(
        ("tools/call", {"name": "noisy"}), ("tools/call", {"name": "echo", "arguments": {}})
    )
    ran = zcp("serve", kitchen, "--transport", "stdio", "--backend", backend, stdin=calls)
    assert ran.code == 0, ran.err
    results = answers(ran)
    assert results[0]["serverInfo"]["name"] == "Kitchen"
    assert results[1]["content"][0]["text"] == "quiet"
    assert results[2]["structuredContent"]["mood"] == "calm"
    assert "printed while importing" in ran.err
    assert "noise of a child" in ran.err


def test_a_session_from_a_file(zcp: Zcp, kitchen: Path, tmp_path: Path) -> None:
    recorded = tmp_path / "session.jsonl"
    recorded.write_text(session(("tools/list", {})))
    with recorded.open() as lines:
        done = subprocess.run(
            zcp.command("serve", f"{kitchen}:app"), stdin=lines, capture_output=True,
            encoding="utf-8", timeout=60, env=zcp.env, check=True,
        )  # fmt: skip
    assert len(answers(Ran(0, done.stdout, ""))[1]["tools"]) > 5


def test_a_module_in_the_working_directory(zcp: Zcp, tmp_path: Path) -> None:
    (tmp_path / "alone.py").write_text(SELF_SERVING)
    ran = zcp("serve", "alone:app", stdin=session(("tools/call", {"name": "hello"})))
    assert answers(ran)[1]["content"][0]["text"] == "hello"


def test_a_file_that_serves_by_itself(zcp: Zcp, tmp_path: Path) -> None:
    (tmp_path / "alone.py").write_text(SELF_SERVING + "run_mcp_stdio_server_sync(app)\n")
    ran = zcp("serve", "alone.py", stdin=session(("tools/call", {"name": "hello"})))
    assert ran.code == 0, ran.err
    assert answers(ran)[1]["content"][0]["text"] == "hello"
    assert zcp("call", "alone.py", "hello").out == "hello\n"
    refused = zcp("serve", "alone.py", "--backend", "trio")
    assert refused.code == 3
    assert "serves by itself" in refused.err


def test_configuration_from_a_file_and_over_it_the_environment(
    zcp: Zcp, kitchen: Path, tmp_path: Path
) -> None:
    (tmp_path / "zcp.toml").write_text('[server]\nservice_name = "From TOML"\npage_size = 2\n')
    lines = session(("tools/list", {}))
    results = answers(zcp("serve", kitchen, "--config", "zcp.toml", stdin=lines))
    assert results[0]["serverInfo"]["name"] == "From TOML"
    assert len(results[1]["tools"]) == 2
    env = {"ZCP_SERVER__SERVICE_NAME": "From the environment"}
    ran = zcp("serve", kitchen, "--config", "zcp.toml", stdin=lines, env=env)
    assert answers(ran)[0]["serverInfo"]["name"] == "From the environment"


def test_configuration_nobody_knows_stops_the_start(
    zcp: Zcp, kitchen: Path, tmp_path: Path
) -> None:
    (tmp_path / "zcp.toml").write_text("[sevrer]\npage_size = 2\n")
    ran = zcp("serve", kitchen, "--config", "zcp.toml")
    assert (ran.code, ran.out) == (3, "")
    assert "sevrer" in ran.err
    assert zcp("serve", kitchen, "--config", "missing.toml").code == 2


def test_an_unknown_transport(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("serve", kitchen, "--transport", "pigeon")
    assert (ran.code, ran.out) == (3, "")
    assert "installed: stdio" in ran.err
    assert "pip install zcp-transport-pigeon" in ran.err


def test_an_app_that_cannot_be_loaded(zcp: Zcp, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("print('to be kept off stdout')\nimport nothing_here\n")
    ran = zcp("serve", "broken.py")
    assert (ran.code, ran.out) == (3, "")
    assert "No module named 'nothing_here'" in ran.err.splitlines()[-1]


def test_what_is_loaded(zcp: Zcp, tmp_path: Path) -> None:
    """A server starts without rich, and `import zcp` without click, rich or any plugin."""
    (tmp_path / "loaded.py").write_text(
        "import sys\nfrom zcp import FastZCP\napp = FastZCP('x')\n"
        "@app.tool\ndef loaded() -> list[str]:\n    return sorted(sys.modules)\n"
    )
    ran = zcp("serve", "loaded.py", stdin=session(("tools/call", {"name": "loaded"})))
    names = json.loads(answers(ran)[1]["content"][0]["text"])
    assert "zcp_transport_stdio" in names
    assert "rich" not in names
    only_zcp = "import sys, zcp, zcp.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", only_zcp],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "zcp.cli" in loaded
    assert not loaded & {"click", "rich", "zcp_transport_stdio", "zcp_profiles"}
