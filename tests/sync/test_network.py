"""A synchronous session with a server on the network that comes and goes."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from server_process import free_port, server
from zcp_kernel.errors import ConnectionLost

import zcp.sync

from .conftest import PATIENCE

APP = """\
import anyio
from zcp import FastZCP

app = FastZCP("Net")


@app.tool
async def hold(seconds: float, ctx) -> str:
    await ctx.report_progress(1)
    await anyio.sleep(seconds)
    return "held"
"""


def command(port: int) -> list[str]:
    return [
        sys.executable, "-m", "zcp", "serve", "app.py", "--transport", "http", "--port", str(port),
    ]  # fmt: skip


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("path", ["/mcp", "/zcp"])
def test_a_server_that_dies_in_a_call_and_comes_back(
    tmp_path: Path, backend: str, path: str
) -> None:
    (tmp_path / "app.py").write_text(APP, "utf-8")
    port = free_port()
    url = f"http://127.0.0.1:{port}{path}"
    with closing(zcp.sync.connect(url, backend=backend)) as client:
        with server(command(port), port, tmp_path, cwd=tmp_path) as first:
            assert client.call_tool("hold", {"seconds": 0})["isError"] is False
            with pytest.raises(ConnectionLost):
                client.call_tool("hold", {"seconds": 60}, progress=lambda _: first.process.kill())
        with server(command(port), port, tmp_path, cwd=tmp_path):
            assert client.call_tool("hold", {"seconds": 0})["isError"] is False


def test_many_threads_over_the_network(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP, "utf-8")
    port = free_port()
    with (
        server(command(port), port, tmp_path, cwd=tmp_path),
        zcp.sync.connect(f"http://127.0.0.1:{port}/mcp") as client,
        ThreadPoolExecutor(16) as pool,
    ):
        jobs = [pool.submit(client.call_tool, "hold", {"seconds": 0.01}) for _ in range(100)]
        assert all(job.result(PATIENCE)["isError"] is False for job in jobs)
