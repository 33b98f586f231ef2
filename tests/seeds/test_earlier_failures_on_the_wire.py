"""What the guides promise and an earlier release did not keep, seen in the frames themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.seeds.wire import hello, piped, wired
from zcp import (
    CallError,
    FastZCP,
    run_mcp_stdio_server,
    run_mcp_stdio_server_sync,
    stdio_client,
)

pytestmark = pytest.mark.anyio

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
ANYTHING = {"type": "object"}

SERVER = """
import os

from zcp import FastZCP, run_mcp_stdio_server_sync

app = FastZCP("Subprocess")


@app.tool
def pid() -> int:
    print("a print that must not reach the peer")
    return os.getpid()


@app.tool
async def narrate(ctx=None) -> str:
    await ctx.log("info", "step one")
    await ctx.report_progress(1, 2)
    answer = await ctx.elicit("Go on?", {"type": "object", "properties": {}})
    return answer.action


run_mcp_stdio_server_sync(app)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "server.py"
    path.write_text(SERVER, encoding="utf-8")
    return path


@pytest.mark.parametrize("revision", REVISIONS)
async def test_the_revision_a_client_names_is_the_one_it_gets(revision: str) -> None:
    app = FastZCP("Demo", instructions="Be kind.")
    async with wired(app, revision) as wire:
        # The handshake of wired() is answer 1.
        agreed = wire.answers[1][1]["result"]
    assert agreed["protocolVersion"] == revision
    assert agreed["instructions"] == "Be kind."
    assert "description" not in agreed["serverInfo"]


async def test_a_server_claims_no_capability_of_clients() -> None:
    app = FastZCP("Demo")
    app.tool(name="t")(lambda: "t")
    async with wired(app, "2025-11-25", roots={}, sampling={}, elicitation={}) as wire:
        claimed = set(wire.answers[1][1]["result"]["capabilities"])
    assert claimed <= {
        "completions", "experimental", "logging", "prompts", "resources", "tasks", "tools",
    }  # fmt: skip


async def test_tools_call_with_a_task_runs_as_a_task_on_mcp() -> None:
    app = FastZCP("Tasks")
    app.tool(name="work", execution={"taskSupport": "optional"})(lambda: "worked")
    async with wired(app, "2025-11-25") as wire:
        called = {"name": "work", "arguments": {}, "task": {"ttl": 60_000}}
        created = (await wire.ask("tools/call", called))["result"]["task"]
        asked = {"taskId": created["taskId"]}
        # 2025-11-25: tasks/get answers the task itself, flat.
        task = (await wire.ask("tasks/get", asked))["result"]
        assert task["taskId"] == created["taskId"]
        assert task["status"] in ("working", "completed")
        assert "task" not in task
        result = (await wire.ask("tasks/result", asked))["result"]
        assert result["content"] == [{"type": "text", "text": "worked"}]


async def test_a_client_command_starts_a_process_of_its_own(program: Path) -> None:
    async with stdio_client([sys.executable, str(program)]) as client:
        first = (await client.call_tool("pid"))["structuredContent"]
        assert (await client.call_tool("pid"))["structuredContent"] == first
    async with stdio_client([sys.executable, str(program)]) as client:
        assert (await client.call_tool("pid"))["structuredContent"] != first


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25", "2026-07-28"])
async def test_progress_logs_and_questions_cross_a_real_pipe(program: Path, revision: str) -> None:
    heard: list[Any] = []

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        # Everything before the question has arrived before the call has ended.
        heard.append(["asked", request["prompt"]])
        return {"accepted": True, "data": {}}

    async with stdio_client(
        [sys.executable, str(program)],
        revision=revision,
        log_handler=lambda entry: heard.append(["log", entry["data"]]),
        elicitation_handler=ask,
    ) as client:
        result = await client.call_tool(
            "narrate", progress=lambda step: heard.append(["progress", step["progress"]])
        )
    assert result["content"][0]["text"] == "accept"
    # Each kind has an order of its own; all of it has arrived before the call returned. A body that
    # asks in the middle runs again with the answer in 2026-07-28, and says again what it said.
    runs = 2 if revision == "2026-07-28" else 1
    assert heard.count(["progress", 1]) == heard.count(["log", "step one"]) == runs
    assert sorted(_each_once(heard)) == [["asked", "Go on?"], ["log", "step one"], ["progress", 1]]


BAD = [
    (b"{", None, -32700),
    (b"not json", None, -32700),
    (b"3", None, -32600),
    (b'"text"', None, -32600),
    (b"null", None, -32600),
    (b'{"jsonrpc":"2.0","id":7}', 7, -32600),
    (b'{"jsonrpc":"2.0","id":8,"method":5}', 8, -32600),
    (b'{"jsonrpc":"2.0","id":9,"method":"no/such"}', 9, -32601),
    (b'{"jsonrpc":"2.0","id":10,"method":"tools/call","params":{}}', 10, -32602),
    (b'{"jsonrpc":"2.0","id":11,"method":"tools/call","params":[]}', 11, -32602),
]


async def test_no_bad_line_ends_the_process(program: Path) -> None:
    async with piped(program) as pipes:
        opening = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":%s}'
        await pipes.send(opening % str(hello("2025-06-18")).replace("'", '"').encode())
        assert (await pipes.receive())["result"]["protocolVersion"] == "2025-06-18"
        for line, request_id, code in BAD:
            await pipes.send(line)
            answer = await pipes.receive()
            error = CallError(**answer["error"])
            assert (answer["id"], error.code) == (request_id, code), line
            assert error.message
        await pipes.send(b'{"jsonrpc":"2.0","id":12,"method":"ping"}')
        assert await pipes.receive() == {"jsonrpc": "2.0", "id": 12, "result": {}}


@pytest.mark.parametrize(
    ("run", "start"),
    [
        (run_mcp_stdio_server, "anyio.run({name}, app, backend={backend!r})"),
        (run_mcp_stdio_server_sync, "{name}(app, backend={backend!r})"),
    ],
)
async def test_stdio_is_served_on_either_event_loop(
    run: Any, start: str, anyio_backend: str, tmp_path: Path
) -> None:
    program = tmp_path / "server.py"
    lines = [
        "import anyio, sniffio",
        f"from zcp import FastZCP, {run.__name__}",
        "app = FastZCP('Loops')",
        "@app.tool",
        "async def loop() -> str: return sniffio.current_async_library()",
        start.format(name=run.__name__, backend=anyio_backend),
    ]
    program.write_text("\n".join(lines), encoding="utf-8")
    async with stdio_client([sys.executable, str(program)]) as client:
        result = await client.call_tool("loop")
    assert result["content"] == [{"type": "text", "text": anyio_backend}]


async def test_cancelling_stops_the_handler_and_its_answer() -> None:
    app, inside, stopped = FastZCP("Slow"), anyio.Event(), anyio.Event()

    @app.tool(name="forever", input_schema=ANYTHING)
    async def forever() -> None:
        inside.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()

    async with wired(app, "2025-06-18") as wire:
        call = b'{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"forever"}}'
        await wire.channel.send(call)
        with anyio.fail_after(30):
            await inside.wait()
        cancel = b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"c"}}'
        await wire.channel.send(cancel)
        with anyio.fail_after(30):
            await stopped.wait()
        assert (await wire.ask("ping"))["result"] == {}
        assert "c" not in wire.answers


async def test_native_frames_are_not_larger_than_mcp_ones() -> None:
    native = await sizes("zcp/1")
    mcp = await sizes("2025-11-25")
    assert native["tools/call"] < mcp["tools/call"]
    assert native["tools/list"] <= mcp["tools/list"]
    assert native["initialize"] <= mcp["initialize"]


async def sizes(revision: str) -> dict[str, int]:
    """Bytes of request and answer together."""
    app = FastZCP("Weather")

    @app.tool(
        name="weather.get_current",
        description="Get current weather for a city.",
        input_schema={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        output_mode="scalar",
    )
    def weather(city: str) -> Any:
        return {"city": city, "temperature": 24, "condition": "Cloudy"}

    asked = {"name": "weather.get_current", "arguments": {"city": "Hangzhou"}}
    async with wired(app, revision) as wire:
        return {
            "initialize": len(wire.answers[1][0]),
            "tools/list": _total(await wire.exchange("tools/list")),
            "tools/call": _total(await wire.exchange("tools/call", asked)),
        }


def _total(frames: tuple[bytes, bytes]) -> int:
    return sum(map(len, frames))


def _each_once(heard: list[Any]) -> list[Any]:
    return [each for number, each in enumerate(heard) if each not in heard[:number]]
