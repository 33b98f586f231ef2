"""FastMCP, as its users write a server."""

import sys

from fastmcp import FastMCP
from fastmcp.tools import Tool

server = FastMCP("bench")


@server.tool
async def echo_async(text: str) -> str:
    """Echo a text."""
    return text


@server.tool
def echo_sync(text: str) -> str:
    """Echo a text."""
    return text


async def search(query: str, limit: int = 10, tags: list[str] | None = None) -> str:
    """Search the records of one area."""
    return f"{query} {limit} {tags}"


for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 0):
    server.add_tool(Tool.from_function(search, name=f"search_{number}"))

server.run("stdio", show_banner=False, log_level="ERROR")
