"""Every example runs and shows what it promises."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from server_process import free_port, server

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*command: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, encoding="utf-8", timeout=60,
        stdin=subprocess.DEVNULL, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("ZCP_")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def zcp(*args: object) -> Any:
    return json.loads(run("-m", "zcp", *args, "--json"))


def test_every_example_is_tested_here() -> None:
    tested = {
        "ask_the_user", "gateway", "hooked_client", "http_surfaces", "model_adapters",
        "multi_backend_client", "run_zcp_api_server", "run_zcp_mcp_stdio_server",
        "subprocess_client", "task_client", "type_hints_server", "websocket",
        "zcp_server_template",
    }  # fmt: skip
    assert {path.stem for path in EXAMPLES.glob("*.py")} == tested


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "http_surfaces",
            [
                "/mcp 2026-07-28 {'sum': 3} add",
                "/zcp zcp/1 {'sum': 3} add debug.state",
                "/sse 2025-11-25 {'sum': 3} add",
            ],
        ),
        (
            "websocket",
            [
                "notifications/tasks/status ",
                "notifications/tasks/status 40 degrees",
                "notifications/tasks/status 70 degrees",
                "notifications/tasks/status 100 degrees",
                "notifications/tasks/status 100 degrees",
                "2 litres at 100 degrees",
            ],
        ),
        (
            "model_adapters",
            [
                'adapter: completed Found: {"city":"Hangzhou","days":1,"temperature":24}',
                "loop: 2 turns, 4 requests",
                'turns: [\'weather.get\'] Found: {"city":"Hangzhou","days":1,"temperature":24}',
                "stream: TurnEnded",
            ],
        ),
        (
            "task_client",
            [
                "status: working Refreshing Hangzhou",
                "result: {'city': 'Hangzhou', 'status': 'done'}",
            ],
        ),
        (
            "hooked_client",
            [
                "log: looking at the client's workspaces",
                "roots: ['file:///workspace']",
                "sampling: Summarize ZCP transport parity in one sentence.",
                "elicitation: approval - Approve sending the summary?",
                "draft: Short summary draft.",
                "approval: accept",
            ],
        ),
        (
            "multi_backend_client",
            [
                "tool: weather.lookup from Weather",
                "resource: docs://faq from Docs",
                "result: {'city': 'Hangzhou', 'temperature': 24}",
            ],
        ),
        (
            "subprocess_client",
            [
                "server: weather-backend speaks zcp/1",
                "tool: weather.get_current",
                "tool: weather.refresh",
                "weather: 24",
                'cities: ["Hangzhou","Beijing","Shanghai","Shenzhen"]',
                "prompt: Summarize weather for Beijing",
                "completion: Shanghai, Shenzhen",
            ],
        ),
    ],
)
def test_a_client_shows_what_it_promises(name: str, lines: list[str]) -> None:
    shown = run(EXAMPLES / f"{name}.py").splitlines()
    assert [line for line in shown if line in lines] == lines


TEMPLATE = EXAMPLES / "zcp_server_template.py"


def test_the_template_offers_what_the_guide_shows() -> None:
    report = zcp("inspect", TEMPLATE)
    assert report["serverInfo"]["name"] == "Weather Backend"
    assert report["counts"] == {"tools": 2, "resources": 1, "resourceTemplates": 1, "prompts": 1}
    assert report["nativeOnlyTaskKinds"] == ["weather.import"]
    assert report["auth"]["issuer"] == "https://auth.example.com"


def test_the_templates_tools() -> None:
    result = zcp("call", TEMPLATE, "weather.get_current", "city=Beijing", "unit=fahrenheit")
    assert result["structuredContent"] == {
        "city": "Beijing",
        "unit": "fahrenheit",
        "temperature": 64,
        "condition": "Cloudy",
    }
    refreshed = zcp("call", TEMPLATE, "weather.refresh", "city=Beijing", "--task")
    assert refreshed["structuredContent"] == {"city": "Beijing", "status": "refreshed"}


def test_the_templates_task() -> None:
    assert zcp("tasks", TEMPLATE, "create", "weather.import", "source=s3://x") == {
        "source": "s3://x",
        "status": "completed",
    }


def test_the_templates_resource_template() -> None:
    content = zcp("read", TEMPLATE, "weather://city/Shanghai")["contents"][0]
    assert json.loads(content["text"]) == {
        "uri": "weather://city/Shanghai",
        "city": "Shanghai",
        "temperature": 22,
    }


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("run_zcp_mcp_stdio_server.py", "weather-backend"),
        ("type_hints_server.py", "Type Hints"),
    ],
)
def test_a_server_serves_when_it_is_run(script: str, name: str) -> None:
    command = ["-m", "zcp", "inspect", "--prefer", "mcp", "--json"]
    report = json.loads(run(*command, "--", sys.executable, EXAMPLES / script))
    assert report["serverInfo"]["name"] == name
    assert report["protocolVersion"] == "2026-07-28"


HINTS = EXAMPLES / "type_hints_server.py"


def test_hints_become_dataclasses_and_enums() -> None:
    stops = 'stops=[{"city": "Hangzhou", "nights": 2}, {"city": "Beijing"}]'
    fast = zcp("call", HINTS, "plan", stops, "pace=fast")
    assert fast["structuredContent"] == {"days": 3, "route": ["Hangzhou", "Beijing"]}
    slow = zcp("call", HINTS, "plan", stops)
    assert slow["structuredContent"]["days"] == 4


def test_bytes_become_an_image() -> None:
    block = zcp("call", HINTS, "swatch", "red=200", "green=30", "blue=30")["content"][0]
    assert (block["type"], block["mimeType"]) == ("image", "image/png")


def test_progress_is_reported() -> None:
    assert zcp("call", HINTS, "survey", "rounds=2")["structuredContent"] == {"rounds": 2}


def test_the_api_server_serves_the_template(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, str(EXAMPLES / "run_zcp_api_server.py")]
    environ = {"ZCP_HTTP__PORT": str(port), "WEATHER_TOKEN": "s3cret"}
    with server(command, port, tmp_path, **environ) as one:
        arguments = {"city": "Hangzhou", "unit": "celsius"}
        call = one.call_message("weather.get_current", **arguments)
        assert one.post(call, "/zcp").status == 401
        answer = one.post(call, "/zcp", authorization="Bearer s3cret")
        assert "Cloudy" in answer.body.decode()
        told = one.request("GET", "/metadata").message
        assert told["service"]["name"] == "weather-backend"
        assert one.stop() == 0


def test_a_tool_asks_before_it_runs() -> None:
    code = f"""
import anyio, zcp
async def main():
    async with zcp.stdio_client(
        [{sys.executable!r}, {str(EXAMPLES / "ask_the_user.py")!r}],
        elicitation_handler=lambda request: ("accept", {{"name": "Ada"}}),
        sampling_handler=lambda request: "Hello",
        roots_provider=lambda: ["file:///work"],
    ) as client:
        print((await client.call_tool("greet"))["structuredContent"])
anyio.run(main)
"""
    assert run("-c", code).strip() == "{'greeting': 'Hello, Ada', 'places': ['file:///work']}"


def test_a_gateway_serves_another_server() -> None:
    shown = [line.split() for line in run(EXAMPLES / "gateway.py").splitlines()]
    assert [words[0] for words in shown[:3]] == ["ring", "weather.lookup", "library.lend"]
    assert shown[3] == ["Hangzhou:", "24", "°C"]
