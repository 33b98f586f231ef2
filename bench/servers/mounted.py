"""The server that is mounted: a tool that does nothing, and one that takes 20 ms.

With the argument `gateway` it is a server that mounts itself, in a process of its own.
"""

import asyncio
import sys

from zcp import FastZCP, run_mcp_stdio_server_sync, stdio_client

app = FastZCP("back")


@app.tool
async def echo(text: str) -> str:
    """Echo a text."""
    return text


@app.tool
async def slow(text: str) -> str:
    """Echo a text after 20 ms."""
    await asyncio.sleep(0.02)
    return text


if __name__ == "__main__":
    if "gateway" in sys.argv:
        app = FastZCP("front")
        app.mount(lambda: stdio_client([sys.executable, "-m", "bench.servers.mounted"]), "m")
    run_mcp_stdio_server_sync(app)
