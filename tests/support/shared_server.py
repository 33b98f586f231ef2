"""What workers that share a store serve."""

import os
from typing import Any

import anyio
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context

app = FastZCP("Shared", version="1")


@app.tool
async def which_process() -> int:
    return os.getpid()


@app.tool
async def count_up(to: int, pause: float, ctx: Context) -> int:
    """Progress for each step; the process that counted."""
    for number in range(1, to + 1):
        await ctx.report_progress(number, to)
        await anyio.sleep(pause)
    return os.getpid()


@app.tool
async def append_then_wait(file: str, seconds: float) -> int:
    with open(file, "a", encoding="utf-8") as ran:  # noqa: ASYNC230 - a few bytes
        ran.write("ran\n")
    await anyio.sleep(seconds)
    return os.getpid()


@app.tool
async def change(uri: str) -> str:
    app.notify_resource_updated(uri)
    return "told"


@app.tool
async def large() -> list[int]:
    return list(range(20_000))


@app.resource("note://1", name="note")
async def note() -> str:
    return "text"


@app.task("patient", resumable=True)
async def patient(payload: dict[str, Any]) -> dict[str, int]:
    await anyio.sleep(payload.get("seconds", 0.0))
    return {"process": os.getpid(), "attempt": payload["task"].attempt}
