"""Servers as subprocesses: talked to, explained when they die, ended without leftovers."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ConnectionLost
from zcp_kernel.testing.echo import EchoDialect
from zcp_transport_stdio.plugin import zcp_config_sections, zcp_transports
from zcp_transport_stdio.process import ProcessChannel, SubprocessTransport, open_process

from .helpers import command, dies, is_alive

pytestmark = pytest.mark.anyio

WRAPPER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
"""


async def ask(channel: ProcessChannel, message: Any) -> Any:
    await channel.send(json.dumps(message).encode())
    return json.loads(await channel.receive())


def lowest_free_descriptor() -> int:
    fd = os.dup(0)
    os.close(fd)
    return fd


def quiet(_line: str) -> None:
    """Takes lines of standard error that no test looks at."""


@asynccontextmanager
async def session(anyio_backend: str, **options: Any) -> AsyncGenerator[ZCPClientSession]:
    options.setdefault("stderr_handler", quiet)
    connect = partial(open_process, command("app.py", anyio_backend), **options)
    async with session_over(connect, dialects=[EchoDialect()]) as client:
        yield client


async def test_a_command_line_is_split_as_a_shell_would(anyio_backend: str, tmp_path: Path) -> None:
    script = tmp_path / "with space.py"
    script.write_text("import sys; print(repr(sys.argv[1:]))", encoding="utf-8")
    line = f"'{sys.executable}' '{script}' \"a b\" $HOME c\\ d"
    async with open_process(line) as channel:
        assert await channel.receive() == b"['a b', '$HOME', 'c d']"


async def test_frames_go_both_ways_and_leaving_ends_the_process(anyio_backend: str) -> None:
    async with open_process(command("echo.py", anyio_backend), stderr_handler=quiet) as channel:
        for n in range(100):
            assert await ask(channel, {"n": n}) == {"n": n}
        large = {"text": "x" * 900_000}
        assert await ask(channel, large) == large
        assert channel.returncode is None
        assert channel.exit_reason is None
    assert channel.returncode == 0
    assert not is_alive(channel.pid)


async def test_the_environment_is_inherited_and_overridden(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZCP_TEST_KEPT", "kept")
    monkeypatch.setenv("ZCP_TEST_CHANGED", "old")
    script = (
        "import json, os; print(json.dumps("
        "[os.environ['ZCP_TEST_KEPT'], os.environ['ZCP_TEST_CHANGED'], os.getcwd()]))"
    )
    async with open_process(
        [sys.executable, "-c", script], env={"ZCP_TEST_CHANGED": "new"}, cwd=tmp_path
    ) as channel:
        assert json.loads(await channel.receive()) == ["kept", "new", str(tmp_path)]


@pytest.mark.parametrize("kind", ["sync", "async", "failing"])
async def test_standard_error_reaches_the_handler_line_by_line(
    anyio_backend: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[str] = []

    def handle(line: str) -> None:
        lines.append(line)
        if kind == "failing":
            raise ValueError("a broken handler")

    async def handle_later(line: str) -> None:
        await checkpoint()
        lines.append(line)

    handler = handle_later if kind == "async" else handle
    async with open_process(command("echo.py", anyio_backend), stderr_handler=handler) as channel:
        await ask(channel, {"do": "stderr", "text": "  one\ntwo\u00e9"})
    assert lines[-2:] == ["  one", "two\u00e9"]
    assert ("a broken handler" in caplog.text) == (kind == "failing")


async def test_standard_error_passes_through_by_default(
    anyio_backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_process(command("echo.py", anyio_backend)) as channel:
        await ask(channel, {"do": "stderr", "text": "seen"})
    assert "seen\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("sys.exit(3)", "exit code 3; stderr: first | last words"),
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL; stderr: first | last words"),
    ],
)
async def test_a_server_that_died_is_explained(anyio_backend: str, end: str, reason: str) -> None:
    script = (
        "import os, sys; print('{}', flush=True); print('first\\n\\nlast words', "
        f"file=sys.stderr, flush=True); sys.stdin.readline(); {end}"
    )
    async with open_process([sys.executable, "-c", script], stderr_handler=quiet) as channel:
        assert await ask(channel, 1) == {}
        with pytest.raises(anyio.EndOfStream):
            await channel.receive()
        assert channel.exit_reason == reason
        with pytest.raises(anyio.BrokenResourceError):
            await channel.send(b"{}")


async def test_a_death_is_seen_though_a_child_holds_the_pipes(anyio_backend: str) -> None:
    async with open_process([sys.executable, "-c", WRAPPER], shutdown_seconds=1) as channel:
        child = int(await channel.receive())
        with pytest.raises(anyio.EndOfStream):
            await channel.receive()
        assert channel.exit_reason == "exit code 0"
        assert is_alive(child)
    assert dies(child)


async def test_a_server_that_only_closed_its_output_is_told_apart(anyio_backend: str) -> None:
    script = "import os, sys; os.close(1); sys.stdin.read()"
    async with open_process([sys.executable, "-c", script]) as channel:
        with pytest.raises(anyio.EndOfStream):
            await channel.receive()
        assert channel.exit_reason == "it closed its output"


async def test_a_server_that_ignores_sigterm_is_killed(anyio_backend: str) -> None:
    async with open_process(command("stubborn.py"), shutdown_seconds=0.2) as channel:
        await channel.receive()
    assert channel.returncode == -signal.SIGKILL
    assert not is_alive(channel.pid)


async def test_a_server_that_ignores_its_input_gets_sigterm(anyio_backend: str) -> None:
    script = "import time; print('{}', flush=True); time.sleep(600)"
    async with open_process([sys.executable, "-c", script], shutdown_seconds=0.2) as channel:
        await channel.receive()
    assert channel.returncode == -signal.SIGTERM


async def test_a_server_busy_writing_still_sees_the_end_of_its_input(anyio_backend: str) -> None:
    script = (
        "import sys; sys.stdout.write('{}\\n' * 1_000_000); sys.stdout.flush();"
        "sys.stdin.read(); sys.exit(7)"
    )
    async with open_process([sys.executable, "-c", script], shutdown_seconds=20) as channel:
        await channel.receive()
    assert channel.returncode == 7


async def test_children_left_behind_are_ended(anyio_backend: str) -> None:
    async with session(anyio_backend) as client:
        result = await client.call_tool("spawn", {})
        child = result["structuredContent"]
        assert is_alive(child)
    assert dies(child)


async def test_a_cancelled_user_still_ends_the_process(anyio_backend: str) -> None:
    used: list[ProcessChannel] = []
    with anyio.CancelScope() as scope:
        async with open_process(command("echo.py", anyio_backend), stderr_handler=quiet) as channel:
            used.append(channel)
            assert await ask(channel, {}) == {}
            scope.cancel()
            await channel.receive()
    assert scope.cancelled_caught
    assert not is_alive(used[0].pid)


async def test_an_error_of_the_user_comes_out_as_it_is(anyio_backend: str) -> None:
    used: list[ProcessChannel] = []

    async def use() -> None:
        async with open_process(command("echo.py", anyio_backend), stderr_handler=quiet) as channel:
            used.append(channel)
            await ask(channel, {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await use()
    assert not is_alive(used[0].pid)


async def test_a_command_that_is_not_there(anyio_backend: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program", encoding="utf-8")
    cases: list[tuple[str | list[str], dict[str, Any], str]] = [
        ("no-such-zcp-command --x", {}, r"'no-such-zcp-command': not found on PATH \(.+\)"),
        (["x-zcp"], {"env": {"PATH": "/nowhere"}}, r"'x-zcp': not found on PATH \(/nowhere\)"),
        ([str(tmp_path / "missing")], {}, "no such file"),
        ([str(plain)], {}, "Permission denied"),
        ([sys.executable], {"cwd": tmp_path / "missing"}, "there is no directory"),
        ("", {}, "the command is empty"),
    ]
    for target, options, message in cases:
        free = lowest_free_descriptor()
        with pytest.raises(ConnectionLost, match=message) as caught:
            async with open_process(target, **options):
                pass
        assert not caught.value.retryable
        assert lowest_free_descriptor() == free


async def test_calls_in_flight_fail_at_once_and_the_session_reconnects(anyio_backend: str) -> None:
    async with session(anyio_backend) as client:
        with pytest.raises(ConnectionLost, match=r"exit code 4; stderr: .*going down"):
            await client.call_tool("die", {"code": 4})
        result = await client.call_tool("add", {"a": 1, "b": 2})
        assert result["structuredContent"] == 3


async def test_the_transport_takes_urls_commands_and_lists(anyio_backend: str) -> None:
    transport = SubprocessTransport()
    line = " ".join(command("echo.py", anyio_backend))
    for target in (line, f"stdio:{line}", f"stdio://{line}", command("echo.py", anyio_backend)):
        async with transport.connect(target, stderr_handler=quiet) as channel:
            assert await ask(channel, [1]) == [1]


def test_the_plugin_brings_the_section_and_the_transport() -> None:
    assert list(zcp_config_sections()) == ["stdio"]
    (transport,) = zcp_transports()
    assert (transport.name, transport.schemes) == ("stdio", ("stdio",))
