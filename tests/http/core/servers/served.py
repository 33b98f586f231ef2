"""What the processes of these tests serve."""

import os

import anyio
from zcp_transport_http.app import create_asgi_app

from zcp import FastZCP

app = FastZCP("Served", version="1")
gone = 0


@app.tool
async def slow(seconds: float) -> str:
    await anyio.sleep(seconds)
    return "done"


@app.tool
async def wait_for_ever() -> str:
    global gone
    try:
        await anyio.sleep_forever()
    finally:
        gone += 1
    return ""


@app.tool
def how_many_left() -> int:
    return gone


@app.tool
def which_process() -> int:
    return os.getpid()


application = create_asgi_app(app)
