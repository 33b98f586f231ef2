"""What the processes of these tests serve."""

import os

import anyio
from zcp_kernel.app import FastZCP
from zcp_transport_http.app import create_asgi_app

app = FastZCP("Served", version="1")
waiting = 0


@app.tool
async def slow(seconds: float) -> str:
    global waiting
    waiting += 1
    try:
        await anyio.sleep(seconds)
    finally:
        waiting -= 1
    return "done"


@app.tool
async def wait_for_ever() -> str:
    return await slow(float("inf"))


@app.tool
def how_many_wait() -> int:
    return waiting


@app.tool
def which_process() -> int:
    return os.getpid()


application = create_asgi_app(app)
