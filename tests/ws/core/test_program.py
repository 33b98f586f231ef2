"""`zcp_transport_ws.serve.serve`: a program that ends as it is told to, by signals."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from server_process import ROOT, Server, free_port, server
from ws_kitchen import WAIT
from ws_raw import RawPeer, call, greet, raw_peer

pytestmark = pytest.mark.anyio

BACKENDS = ("asyncio", "trio")


@pytest.fixture
def anyio_backend() -> str:
    """The client's; the programs run on both event loops."""
    return "asyncio"


def program(**options: Any) -> list[str]:
    code = "from ws_kitchen import Kitchen; from zcp_transport_ws.serve import serve; "
    return [sys.executable, "-c", f"{code}serve(Kitchen().app, **{options!r})"]


@asynccontextmanager
async def running(folder: Path, *, drain: float = 10, **options: Any) -> AsyncGenerator[Server]:
    """The kitchen as a program, once it listens."""
    port = free_port()
    environ = {
        "PYTHONPATH": str(ROOT / "tests" / "support"),
        "ZCP_WEBSOCKET__DRAIN_SECONDS": str(drain),
    }
    with server(program(port=port, **options), port, folder, ready=False, **environ) as process:
        with anyio.fail_after(WAIT):
            while "listening at" not in process.errors:
                assert process.process.poll() is None, process.errors
                await anyio.sleep(0.02)
        yield process


async def ended(process: Server) -> int:
    return await anyio.to_thread.run_sync(process.process.wait, WAIT)


async def until_called(peer: RawPeer, tool: str, **arguments: Any) -> None:
    """Return when the call has begun: what comes behind it is answered."""
    await peer.say(call(tool, "long", **arguments))
    await peer.say({"jsonrpc": "2.0", "id": "behind", "method": "ping"})
    while (await peer.message()).get("id") != "behind":
        continue


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("backend", BACKENDS)
async def test_calls_in_flight_are_answered_and_sockets_closed(
    backend: str, number: signal.Signals, tmp_path: Path
) -> None:
    async with (
        running(tmp_path, backend=backend) as one,
        raw_peer(one.port) as busy,
        raw_peer(one.port) as idle,
    ):
        await greet(busy)
        await greet(idle)
        await until_called(busy, "count", steps=3000)
        one.process.send_signal(number)
        assert await idle.close_code() == 1001
        while (message := await busy.message()).get("id") != "long":
            continue
        assert "3000 steps" in str(message["result"])
        assert await busy.close_code() == 1001
        assert await ended(one) == 0
        assert "Traceback" not in one.errors


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_call_without_end_has_so_long(backend: str, tmp_path: Path) -> None:
    async with running(tmp_path, backend=backend, drain=0.2) as one, raw_peer(one.port) as peer:
        await greet(peer)
        await until_called(peer, "wait_for_ever")
        one.process.terminate()
        assert await peer.close_code() == 1001
        assert await ended(one) == 0
        assert "Traceback" not in one.errors


@pytest.mark.parametrize("backend", BACKENDS)
async def test_who_is_told_to_stop_takes_nobody_in(backend: str, tmp_path: Path) -> None:
    async with running(tmp_path, backend=backend) as one, raw_peer(one.port) as peer:
        await greet(peer)
        await until_called(peer, "wait_for_ever")
        one.process.terminate()
        for _ in range(200):
            if not await _takes_in(one.port):
                break
            await anyio.sleep(0.05)
        assert not await _takes_in(one.port)
        assert one.process.poll() is None
        # Told again, it waits no longer; a second signal at once counts as the first.
        await anyio.sleep(0.6)
        one.process.terminate()
        assert await ended(one) == -signal.SIGTERM


async def _takes_in(port: int) -> bool:
    try:
        async with raw_peer(port) as peer:
            return peer.status == 101
    except OSError:
        return False


def refusal(**options: Any) -> str:
    environ = {"PYTHONPATH": str(ROOT / "tests" / "support")}
    done = subprocess.run(
        program(**options), capture_output=True, encoding="utf-8", timeout=60, env=environ,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_keeps_it_from_listening(backend: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        error = refusal(backend=backend, port=taken.getsockname()[1])
    assert "SetupError: cannot listen there: " in error
    assert "both certfile and keyfile" in refusal(backend=backend, certfile="x.pem")
    missing = str(tmp_path / "none.pem")
    error = refusal(backend=backend, certfile=missing, keyfile=missing)
    assert "SetupError: the certificate cannot be used: " in error
