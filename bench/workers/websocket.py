"""Calls of one tool over WebSocket and HTTP: rates and the slowest task notification, as JSON.

Arguments: the revision, and for how many seconds to call each way in each round. Under hypercorn
both ways lead to one process; `alone` is `serve_websocket` in another.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from statistics import median
from typing import Any

from bench.servers.websocket import STATUS
from zcp import ZCPClientSession, streamable_http_client, websocket_client

ROUNDS = 5
WIDTHS = {"one at a time": 1, "16 at a time": 16}
START_SECONDS = 20.0


@contextmanager
def started(how: str) -> Iterator[int]:
    """The port of a server process."""
    command = [sys.executable, "-m", "bench.servers.websocket", how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def opened(client: ZCPClientSession) -> ZCPClientSession:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            await client.initialize()
        except Exception:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            await client.initialized()
            return client


async def rate(client: ZCPClientSession, width: int, seconds: float) -> float:
    done, end = 0, time.perf_counter() + seconds

    async def go() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await client.call_tool("echo", {"text": "hello"})
            done += 1

    started_at = time.perf_counter()
    await asyncio.gather(*(go() for _ in range(width)))
    return done / (time.perf_counter() - started_at)


async def slowest_status(url: str) -> float:
    """Milliseconds from a task's change to its client's handler: the slowest of a hundred."""
    delays: dict[str, float] = {}

    def heard(method: str, params: Any) -> None:
        message = params.get("statusMessage", "")
        if message.startswith(STATUS):
            delays.setdefault(message, 1000 * (time.time() - float(message.removeprefix(STATUS))))

    async with websocket_client(url, revision="zcp/1", notification_handler=heard) as client:
        task = await client.create_task("tick", {"ticks": 100})
        await client.get_task_result(task["task"]["taskId"])
    assert len(delays) == 100, len(delays)
    return max(delays.values())


async def main(revision: str, seconds: float) -> None:
    plane = "zcp" if revision.startswith("zcp") else "mcp"
    with ExitStack() as processes:
        port, alone = (processes.enter_context(started(how)) for how in ("http", "alone"))
        ws = f"ws://127.0.0.1:{port}/ws"
        async with AsyncExitStack() as clients:
            ways: dict[str, ZCPClientSession] = {}
            for name, client in (
                (
                    "HTTP",
                    streamable_http_client(f"http://127.0.0.1:{port}/{plane}", revision=revision),
                ),
                ("/ws", websocket_client(ws, revision=revision)),
                ("alone", websocket_client(f"ws://127.0.0.1:{alone}/ws", revision=revision)),
            ):
                ways[name] = await opened(client)
                clients.push_async_callback(client.aclose)
            found: dict[str, dict[str, list[float]]] = {
                name: {calls: [] for calls in WIDTHS} for name in ways
            }
            for _ in range(ROUNDS):
                for name, client in ways.items():
                    for calls, width in WIDTHS.items():
                        found[name][calls].append(await rate(client, width, seconds))
        status = await slowest_status(ws) if plane == "zcp" else None
    rates = {
        name: {calls: median(each) for calls, each in cells.items()}
        for name, cells in found.items()
    }
    print(json.dumps({"rates": rates, "status_ms": status}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
