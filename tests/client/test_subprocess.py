"""The session with a server in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from zcp_kernel.errors import ConnectionLost, InvalidRequest
from zcp_transport_stdio.client import stdio_client

pytestmark = pytest.mark.anyio

SERVER = """
import os, sys
import anyio
from zcp_kernel.app import FastZCP
from zcp_transport_stdio.server import run_mcp_stdio_server_sync

app = FastZCP("Sub")

@app.tool
async def pid() -> int:
    return os.getpid()

@app.tool
async def talk(ctx=None) -> str:
    print("on stderr", file=sys.stderr, flush=True)
    await ctx.log("warning", "log line")
    await ctx.report_progress(1, 1)
    return "said"

@app.tool
async def die() -> None:
    print("last words", file=sys.stderr, flush=True)
    os._exit(7)

@app.tool
async def stay() -> None:
    await anyio.sleep_forever()

run_mcp_stdio_server_sync(app)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    script = tmp_path / "server.py"
    script.write_text(SERVER, "utf-8")
    return [sys.executable, str(script)]


async def pid_of(client: Any) -> int:
    pid: int = (await client.call_tool("pid", {}))["structuredContent"]
    return pid


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_list_or_a_string_starts_a_server(command: list[str]) -> None:
    lines: list[str] = []
    logs: list[Any] = []
    progress: list[Any] = []
    for target in (command, " ".join(command)):
        async with stdio_client(
            target, stderr_handler=lines.append, log_handler=logs.append
        ) as client:
            assert client.protocol_version == "zcp/1"
            result = await client.call_tool("talk", {}, progress=progress.append)
            assert result["isError"] is False
            pid = await pid_of(client)
        assert not is_alive(pid)
    assert lines.count("on stderr") == 2
    assert [entry["data"] for entry in logs] == ["log line"] * 2
    assert [p["progress"] for p in progress] == [1, 1]


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-11-25"])
async def test_mcp_over_the_same_pipe(command: list[str], revision: str) -> None:
    async with stdio_client(command, revision=revision) as client:
        assert client.protocol_version == revision
        assert len((await client.list_tools())["tools"]) == 4


async def test_a_server_that_dies_fails_every_call_and_is_started_anew(
    command: list[str],
) -> None:
    lost: list[ConnectionLost] = []
    async with stdio_client(command, stderr_handler=lambda line: None) as client:
        first = await pid_of(client)

        async def call(name: str) -> None:
            with pytest.raises(ConnectionLost) as caught:
                await client.call_tool(name, {})
            lost.append(caught.value)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                for name in ("stay", "stay", "die"):
                    group.start_soon(call, name)
        assert len(lost) == 3
        assert all("exit code 7; stderr: last words" in str(error) for error in lost)
        assert not is_alive(first)
        second = await pid_of(client)
        assert second != first
    assert not is_alive(second)


async def test_without_a_context_manager(command: list[str]) -> None:
    client = stdio_client(command)
    with pytest.raises(InvalidRequest, match=r"await client.initialize\(\) first"):
        await client.list_tools()
    await client.initialize()
    await client.initialized()
    pid = await pid_of(client)
    async with anyio.create_task_group() as group:
        group.start_soon(client.close)
    assert not is_alive(pid)
    await client.initialize()
    again = await pid_of(client)
    await client.close()
    assert not is_alive(again)


async def test_leaving_while_cancelled_still_ends_the_process(command: list[str]) -> None:
    pids: list[int] = []
    with anyio.CancelScope() as scope:
        async with stdio_client(command) as client:
            pids.append(await pid_of(client))
            scope.cancel()
            await client.ping()
    assert not is_alive(pids[0])


async def test_a_command_that_does_not_exist() -> None:
    client = stdio_client("no-such-command-at-all --flag")
    with pytest.raises(ConnectionLost, match="no-such-command-at-all"):
        await client.initialize()
    with pytest.raises(ConnectionLost, match="no-such-command-at-all"):
        async with client:
            pass


async def test_a_program_that_is_no_server(tmp_path: Path) -> None:
    script = tmp_path / "noise.py"
    script.write_text("print('hello'); input(); raise SystemExit(4)", "utf-8")
    client = stdio_client([sys.executable, str(script)])
    with anyio.fail_after(20), pytest.raises(ConnectionLost, match="exit code 4"):
        await client.initialize()


ABANDONED = """
import sys, anyio
from zcp_transport_stdio.client import stdio_client

async def main():
    client = stdio_client(sys.argv[2:])
    await client.initialize()
    print((await client.call_tool("pid", {}))["structuredContent"])

anyio.run(main, backend=sys.argv[1])
"""


def test_a_session_left_open_ends_with_the_event_loop(
    anyio_backend: str, command: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ABANDONED, anyio_backend, *command],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not is_alive(int(done.stdout))
