"""Ctrl-C, and programs that end in every way."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from .conftest import PATIENCE, Open, Waiter

TIMEOUT = 60

SERVER = """\
import sys, anyio
from pathlib import Path
from zcp import FastZCP, run_mcp_stdio_server_sync

told = Path(sys.argv[1])
app = FastZCP("Server")


@app.tool
async def wait() -> None:
    print("waiting", file=sys.stderr, flush=True)
    try:
        await anyio.sleep_forever()
    finally:
        with told.open("a") as out:
            out.write("cancelled\\n")


@app.tool
def add(a: int, b: int) -> int:
    return a + b


run_mcp_stdio_server_sync(app)
with told.open("a") as out:
    out.write("ended\\n")
"""

CLIENT = """\
import sys
from functools import partial
from zcp import stdio_client
from zcp_kernel.blocking import BlockingSession

client = BlockingSession(partial(stdio_client, [sys.executable, *sys.argv[1:]]))
"""


def interrupted(connect: Open, waiter: Waiter) -> None:
    """A call in the main thread that Ctrl-C ends."""

    def press() -> None:
        waiter.started.wait(PATIENCE)
        os.kill(os.getpid(), signal.SIGINT)

    finger = threading.Thread(target=press)
    with connect() as client:
        finger.start()
        with pytest.raises(KeyboardInterrupt):
            client.call_tool("wait")
        assert waiter.ended.wait(PATIENCE), "the server stops what nobody waits for"
        assert client.in_flight == {}
        assert client.ping() == {"ok": True}
    finger.join(PATIENCE)


def test_ctrl_c_cancels_the_call_at_the_server(connect: Open, waiter: Waiter) -> None:
    interrupted(connect, waiter)


def test_ctrl_c_in_a_hook_is_raised_by_the_call(connect: Open) -> None:
    def hook(_: object) -> object:
        raise KeyboardInterrupt

    with connect(elicitation_handler=hook) as client:
        with pytest.raises(KeyboardInterrupt):
            client.call_tool("who")
        assert client.ping() == {"ok": True}


@pytest.fixture
def run(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Runs a client program after `CLIENT` against the server; returns its exit code, what it
    said, and what the server wrote down."""
    (tmp_path / "server.py").write_text(SERVER, "utf-8")
    told = tmp_path / "told"

    def run(program: str) -> tuple[int, str, list[str]]:
        (tmp_path / "client.py").write_text(CLIENT + program, "utf-8")
        done = subprocess.run(
            [sys.executable, "client.py", "server.py", str(told)],
            cwd=tmp_path, timeout=TIMEOUT, check=False, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return done.returncode, done.stdout, told.read_text("utf-8").splitlines()

    return run


ADD = "print(client.call_tool('add', {'a': 1, 'b': 2})['structuredContent'])\n"


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        (ADD, 0, "3\n"),
        (ADD + "raise SystemExit(4)\n", 4, "3\n"),
        ("import threading\nthreading.Thread(target=lambda: print(client.ping())).start()\n", 0,
         "{'ok': True}\n"),
        ("import asyncio\nasync def main():\n    " + ADD + "asyncio.run(main())\n", 0, "3\n"),
    ],
    ids=["falls off its end", "exits", "another thread goes on", "had a loop"],
)  # fmt: skip
def test_a_program_that_never_closes_ends_and_closes(run, program, code, said) -> None:  # type: ignore[no-untyped-def]
    assert run(program) == (code, said, ["ended"])


def test_a_program_that_fails_ends_and_closes(run) -> None:  # type: ignore[no-untyped-def]
    code, said, told = run(ADD + "1 / 0\n")
    assert (code, told) == (1, ["ended"])
    assert said.startswith("3\n")
    assert said.count("Traceback") == 1


def test_a_fork_is_told_to_open_its_own(run) -> None:  # type: ignore[no-untyped-def]
    forks = """
import os
pid = os.fork()
try:
    client.ping()
except RuntimeError as error:
    print(error, flush=True)
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
"""
    code, said, told = run(ADD + forks)
    assert (code, told) == (0, ["ended"])
    assert said.count("belongs to the process that opened it") == 1


def test_ctrl_c_in_a_script_ends_it_and_its_server(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SERVER, "utf-8")
    (tmp_path / "client.py").write_text(CLIENT + "client.call_tool('wait')\n", "utf-8")
    told = tmp_path / "told"
    process = subprocess.Popen(
        [sys.executable, "client.py", "server.py", str(told)],
        cwd=tmp_path, encoding="utf-8", stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "waiting" in line:
                break
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
    assert process.returncode == -signal.SIGINT
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert told.read_text("utf-8").splitlines() == ["cancelled", "ended"]
