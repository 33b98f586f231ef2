"""zcp, as its users write a server."""

import sys

from zcp import FastZCP, run_mcp_stdio_server_sync

app = FastZCP("bench")


@app.tool
async def echo_async(text: str) -> str:
    """Echo a text."""
    return text


@app.tool
def echo_sync(text: str) -> str:
    """Echo a text."""
    return text


async def search(query: str, limit: int = 10, tags: list[str] | None = None) -> str:
    """Search the records of one area."""
    return f"{query} {limit} {tags}"


for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 0):
    app.tool(name=f"search_{number}")(search)

run_mcp_stdio_server_sync(app)
